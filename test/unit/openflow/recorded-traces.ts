/** What Open vSwitch 3.1 (userspace datapath) has printed in the lab; long datapath actions are cut. */

/** From a probe’s port, out of a tunnel. */
export const TO_TUNNEL = `Flow: in_port=401,vlan_tci=0x0000,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000

bridge("br-blue-qsyu3")
-----------------------
 0. in_port=401, priority 100, cookie 0x7678000200000000
    goto_table:10
10. priority 0, cookie 0x7678000100000000
    goto_table:20
20. reg0=0/0x1, priority 100, cookie 0x7678000100000000
    learn(table=50,hard_timeout=300,priority=1,cookie=0x767800ff00000000,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG1[0..15],load:0->NXM_NX_REG0[1])
     >> suppressing side effects, so learn action ignored
    learn(table=60,hard_timeout=300,priority=1,cookie=0x767800ff00000000,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0x1->NXM_NX_REG0[2])
     >> suppressing side effects, so learn action ignored
    goto_table:30
30. priority 0, cookie 0x7678000100000000
    goto_table:40
40. priority 0, cookie 0x7678000100000000
    resubmit(,50)
    50. dl_dst=52:54:00:09:00:01, priority 1, cookie 0x767800ff00000000
            load:0x1->NXM_NX_REG1[0..15]
            load:0x1->NXM_NX_REG0[1]
    resubmit(,60)
    60. No match.
            drop
    goto_table:70
70. priority 0, cookie 0x7678000100000000
    output:NXM_NX_REG1[0..15]
     -> output port is 1
     -> output to native tunnel
     -> tunneling to 198.18.2.1 via br-phy
     -> tunneling from 02:8f:cc:fb:20:a1 198.18.2.11 to 86:96:26:cb:8f:6c 198.18.2.1

bridge("br-phy")
----------------
 0. priority 0
    NORMAL
     -> forwarding to learned port

Final flow: reg0=0x2,reg1=0x1,in_port=401,vlan_tci=0x0000,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000
Megaflow: recirc_id=0,eth,in_port=401,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000
Datapath actions: tnl_push(tnl_port(1),header(size=50,type=4,eth(dst=86:96:26:`;

/** Out of a tunnel, to the VM’s tap. */
export const TO_TAP = `Flow: in_port=1,vlan_tci=0x0000,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000

bridge("br-blue-qsyu3")
-----------------------
 0. in_port=1, priority 100, cookie 0x7678000300000000
    set_field:0x1/0x1->reg0
    goto_table:10
10. priority 0, cookie 0x7678000100000000
    goto_table:20
20. reg0=0x1/0x1, priority 100, cookie 0x7678000100000000
    learn(table=50,hard_timeout=300,priority=1,cookie=0x767800ff00000000,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG1[0..15],load:0x1->NXM_NX_REG0[1])
     >> suppressing side effects, so learn action ignored
    goto_table:30
30. priority 0, cookie 0x7678000100000000
    goto_table:40
40. priority 0, cookie 0x7678000100000000
    resubmit(,50)
    50. dl_dst=52:54:00:09:00:01, priority 1, cookie 0x767800ff00000000
            load:0xc9->NXM_NX_REG1[0..15]
            load:0->NXM_NX_REG0[1]
    resubmit(,60)
    60. dl_dst=52:54:00:09:00:01, priority 1, cookie 0x767800ff00000000
            load:0x1->NXM_NX_REG0[2]
    goto_table:70
70. priority 0, cookie 0x7678000100000000
    output:NXM_NX_REG1[0..15]
     -> output port is 201

Final flow: reg0=0x5,reg1=0xc9,in_port=1,vlan_tci=0x0000,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000
Megaflow: recirc_id=0,eth,in_port=1,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000
Datapath actions: 1`;

/** From one tunnel it must not go into another. */
export const SPLIT_HORIZON = `Flow: in_port=1,vlan_tci=0x0000,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000

bridge("br-blue-qsyu3")
-----------------------
 0. in_port=1, priority 100, cookie 0x7678000300000000
    set_field:0x1/0x1->reg0
    goto_table:10
10. priority 0, cookie 0x7678000100000000
    goto_table:20
20. reg0=0x1/0x1, priority 100, cookie 0x7678000100000000
    learn(table=50,hard_timeout=300,priority=1,cookie=0x767800ff00000000,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG1[0..15],load:0x1->NXM_NX_REG0[1])
     >> suppressing side effects, so learn action ignored
    goto_table:30
30. priority 0, cookie 0x7678000100000000
    goto_table:40
40. priority 0, cookie 0x7678000100000000
    resubmit(,50)
    50. dl_dst=52:54:00:09:00:01, priority 1, cookie 0x767800ff00000000
            load:0x1->NXM_NX_REG1[0..15]
            load:0x1->NXM_NX_REG0[1]
    resubmit(,60)
    60. No match.
            drop
    goto_table:70
70. reg0=0x3/0x7, priority 200, cookie 0x7678000100000000
    drop

Final flow: reg0=0x3,reg1=0x1,in_port=1,vlan_tci=0x0000,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000
Megaflow: recirc_id=0,eth,in_port=1,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000
Datapath actions: drop`;

/** By trace-packet-out; nobody has sent into that tunnel lately. */
export const FROM_A_TABLE = `Flow: in_port=LOCAL,vlan_tci=0x0000,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000

bridge("br-blue-qsyu3")
-----------------------
    resubmit(,30)
30. priority 0, cookie 0x7678000100000000
    goto_table:40
40. priority 0, cookie 0x7678000100000000
    resubmit(,50)
    50. dl_dst=52:54:00:09:00:01, priority 1, cookie 0x767800ff00000000
            load:0x1->NXM_NX_REG1[0..15]
            load:0x1->NXM_NX_REG0[1]
    resubmit(,60)
    60. No match.
            drop
    goto_table:70
70. priority 0, cookie 0x7678000100000000
    output:NXM_NX_REG1[0..15]
     -> output port is 1
     -> output to native tunnel
     -> tunneling to 198.18.2.1 via br-phy
     -> neighbor cache miss for 198.18.2.1 on bridge br-phy, sending ARP request

Final flow: reg0=0x2,reg1=0x1,in_port=LOCAL,vlan_tci=0x0000,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000
Megaflow: recirc_id=0,eth,in_port=LOCAL,dl_dst=52:54:00:09:00:01,dl_type=0x0000
Datapath actions: drop`;

/** Nothing matches. */
export const UNKNOWN_PORT = `Flow: in_port=401,vlan_tci=0x0000,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000

bridge("br-blue-qsyu3")
-----------------------
 0. No match.
    drop

Final flow: unchanged
Megaflow: recirc_id=0,eth,in_port=401,dl_type=0x0000
Datapath actions: drop`;

/** Two tunnels, with the other bridge’s part in between, the port it came from, and the bridge itself. */
export const SEVERAL = `Flow: in_port=401,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=52:54:00:99:00:01,dl_type=0x0000

bridge("br-blue-qsyu3")
-----------------------
30. dl_dst=52:54:00:99:00:01, priority 300
    output:1
     -> output to native tunnel
     -> tunneling to 198.18.2.1 via br-phy
     -> tunneling from 02:8f:cc:fb:20:a1 198.18.2.11 to 86:96:26:cb:8f:6c 198.18.2.1

    bridge("br-phy")
    ----------------
         0. priority 0
            NORMAL
             -> forwarding to learned port
    output:401
     >> skipping output to input port
    output:2
     -> output to native tunnel
     -> tunneling to 198.18.2.10 via br-phy
     -> tunneling from 02:8f:cc:fb:20:a1 198.18.2.11 to 02:c7:56:bb:59:11 198.18.2.10

    bridge("br-phy")
    ----------------
         0. priority 0
            NORMAL
             -> forwarding to learned port
    LOCAL

Final flow: unchanged
Megaflow: recirc_id=0,eth,in_port=401,dl_src=00:00:00:00:00:00,dl_dst=52:54:00:99:00:01,dl_type=0x0000
Datapath actions: clone(tnl_push(tnl_port(1),header(size=50,type=4,eth(dst=86:`;

export const NO_SUCH_PORT = `Flow: in_port=401,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=52:54:00:99:00:01,dl_type=0x0000

bridge("br-blue-qsyu3")
-----------------------
30. dl_dst=52:54:00:99:00:01, priority 300
    output:77
     >> Nonexistent output port

Final flow: unchanged
Megaflow: recirc_id=0,eth,in_port=401,dl_src=00:00:00:00:00:00,dl_dst=52:54:00:99:00:01,dl_type=0x0000
Datapath actions: drop`;

/** The ports are not told. */
export const NORMAL = `Flow: in_port=401,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=52:54:00:99:00:01,dl_type=0x0000

bridge("br-blue-qsyu3")
-----------------------
30. dl_dst=52:54:00:99:00:01, priority 300
    NORMAL
     -> no learned MAC for destination, flooding
     -> output to native tunnel
     -> tunneling to 198.18.2.1 via br-phy
     -> tunneling from 02:8f:cc:fb:20:a1 198.18.2.11 to 86:96:26:cb:8f:6c 198.18.2.1

    bridge("br-phy")
    ----------------
         0. priority 0
            NORMAL
             -> forwarding to learned port
     -> output to native tunnel
     -> tunneling to 198.18.2.10 via br-phy
     -> tunneling from 02:8f:cc:fb:20:a1 198.18.2.11 to 02:c7:56:bb:59:11 198.18.2.10

bridge("br-phy")
----------------
 0. priority 0
    NORMAL
     -> forwarding to learned port

Final flow: unchanged
Megaflow: recirc_id=0,eth,in_port=401,dl_src=00:00:00:00:00:00,dl_dst=52:54:00:99:00:01,dl_type=0x0000
Datapath actions: clone(tnl_push(tnl_port(1),header(size=50,type=4,eth(dst=86:`;

export const DROPPED = `Flow: in_port=401,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=52:54:00:99:00:01,dl_type=0x0000

bridge("br-blue-qsyu3")
-----------------------
30. dl_dst=52:54:00:99:00:01, priority 300
    drop

Final flow: unchanged
Megaflow: recirc_id=0,eth,in_port=401,dl_src=00:00:00:00:00:00,dl_dst=52:54:00:99:00:01,dl_type=0x0000
Datapath actions: drop`;

export const BACK = `Flow: in_port=401,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=52:54:00:99:00:01,dl_type=0x0000

bridge("br-blue-qsyu3")
-----------------------
30. dl_dst=52:54:00:99:00:01, priority 300
    IN_PORT

Final flow: unchanged
Megaflow: recirc_id=0,eth,in_port=401,dl_src=00:00:00:00:00:00,dl_dst=52:54:00:99:00:01,dl_type=0x0000
Datapath actions: 2`;

/** Late, by a port that leads to many: to the VM's new host, by the port that it came in. */
export const TURNED = `Flow: in_port=1,vlan_tci=0x0000,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000

bridge("br-blue-koeq5")
-----------------------
 0. tun_src=198.18.2.11,in_port=1, priority 100, cookie 0x7678000300000000
    set_field:0x1/0x1->reg0
    goto_table:10
10. priority 0, cookie 0x7678000100000000
    goto_table:20
20. reg0=0x1/0x1, priority 100, cookie 0x7678000100000000
    learn(table=50,hard_timeout=300,priority=1,cookie=0x767800ff00000000,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG1[0..15],load:0x1->NXM_NX_REG0[1],load:NXM_NX_TUN_IPV4_SRC[]->NXM_NX_TUN_IPV4_DST[])
     >> suppressing side effects, so learn action ignored
    goto_table:30
30. priority 0, cookie 0x7678000100000000
    goto_table:40
40. priority 0, cookie 0x7678000100000000
    resubmit(,50)
    50. dl_dst=52:54:00:09:00:01, priority 1, cookie 0x767800ff00000000
            load:0x1->NXM_NX_REG1[0..15]
            load:0x1->NXM_NX_REG0[1]
            load:0xc612020a->NXM_NX_TUN_IPV4_DST[]
    resubmit(,60)
    60. dl_dst=52:54:00:09:00:01, priority 1, cookie 0x767800ff00000000
            load:0x1->NXM_NX_REG0[2]
    goto_table:70
70. reg1=0x1/0xffff,in_port=1, priority 100, cookie 0x7678000300000000
    IN_PORT
     -> output to native tunnel
     -> tunneling to 198.18.1.1 via br-phy
     -> tunneling from 02:a2:db:dc:62:25 198.18.1.10 to 86:c1:53:2b:b5:6e 198.18.1.1

bridge("br-phy")
----------------
 0. priority 0
    NORMAL
     -> forwarding to learned port

Final flow: reg0=0x7,reg1=0x1,tun_src=198.18.2.11,tun_dst=198.18.2.10,tun_ipv6_src=::,tun_ipv6_dst=::,tun_flags=0,in_port=1,vlan_tci=0x0000,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000
Megaflow: recirc_id=0,eth,in_port=1,dl_src=02:00:00:00:00:09,dl_dst=52:54:00:09:00:01,dl_type=0x0000
Datapath actions: tnl_push(tnl_port(1),header(size=50,type=4,eth(dst=86:c1:53:2b:b5:6e`;

/** The end of a broadcast's: to a tap, and by a port that leads to many to two of them. */
export const AIMED = `Flow: arp,in_port=401,vlan_tci=0x0000,dl_src=02:00:00:00:00:09,dl_dst=ff:ff:ff:ff:ff:ff

bridge("br-blue-koeq5")
-----------------------
80. reg0=0/0x1, priority 100
    output:201
    set_field:198.18.2.10->tun_dst
    output:1
     -> output to native tunnel
     -> tunneling to 198.18.1.1 via br-phy
     -> tunneling from 02:a2:db:dc:62:25 198.18.1.10 to c2:00:e6:bd:e7:41 198.18.1.1

    bridge("br-phy")
    ----------------
         0. priority 0
            NORMAL
             -> forwarding to learned port
    load:0x2->NXM_NX_TUN_IPV6_DST[0..63],load:0x20010db800000000->NXM_NX_TUN_IPV6_DST[64..127]
    output:1
     -> output to native tunnel

Final flow: arp,tun_src=0.0.0.0,in_port=401,vlan_tci=0x0000,dl_src=02:00:00:00:00:09,dl_dst=ff:ff:ff:ff:ff:ff
Megaflow: recirc_id=0,eth,arp,in_port=401
Datapath actions: 1,clone(tnl_push(tnl_port(2),header(size=50,type=4`;
