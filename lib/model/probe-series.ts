/** One echo reply as ping printed it. Instants are Unix time in milliseconds by the clock of the host that pings. */
export interface PingSample {
  /** Counts from 1 and never wraps, unlike the 16 bits on the wire. */
  readonly sequence: number;
  readonly repliedAtMs: number;
  readonly rttMs: number;
  readonly duplicate: boolean;
}

/** One echo request of a run: when it left, and how long its reply took. */
export interface PingRequest {
  readonly sequence: number;
  readonly sentAtMs: number;
  /** null: lost. */
  readonly rttMs: number | null;
}

/** Requests in a row that were lost, or whose replies took notably longer than usual. */
export interface Disturbance {
  readonly kind: 'lost' | 'late';
  readonly fromMs: number;
  readonly toMs: number;
  readonly requests: number;
}

/** All that one probe saw of one address during a run; what plots and timelines are drawn from. */
export interface ProbeSeries {
  readonly from: string;
  readonly to: string;
  /** As in PingFigures. */
  readonly network?: string;
  readonly address: string;
  readonly intervalMs: number;
  readonly requests: readonly PingRequest[];
}

/** An instant of the run that plots and timelines point out. */
export interface TimeMark {
  readonly kind: 'paused' | 'resumed' | 'converged' | 'redirected';
  readonly atMs: number;
  readonly label: string;
}
