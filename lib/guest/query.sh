# Read by every CGI script: the query string as variables, and answers in plain text.

# param NAME DEFAULT PATTERN: the parameter's value, or the default; anything the pattern does not match is refused.
# PATTERN is the set of characters that may stand in the value, as in a bracket expression.
param() {
  local value=$2 pair
  local IFS='&'
  for pair in $QUERY_STRING; do
    case $pair in
    "$1="*) value=$(httpd -d "${pair#*=}") ;;
    esac
  done
  case $value in
  *[!$3]*) refuse "$1: '$value' may only have the characters $3" ;;
  esac
  echo "$value"
}

respond() { printf 'Status: %s\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\n\r\n' "$1"; }

# The CGI's main shell has its answer on descriptor 3, so that this works from inside $(param …) too.
refuse() {
  { respond '400 Bad Request'; echo "$1"; } >&3
  kill -TERM $$
  exit 1
}

available_mib() { awk '/^MemAvailable/ {print int($2 / 1024)}' /proc/meminfo; }

exec 3>&1
