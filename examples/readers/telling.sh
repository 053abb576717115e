# How readers tell of an attempt: syslog first, then a file in the spool. `ask`, `tell`, `shout` and `send` read this; nobody runs it.
#
# 1. It needs nothing but a shell and coreutils: a glasswatch that is broken keeps no attempt from being told.
# 2. What it writes is the body of POST /api/v1/uses, in the way of `monitor uses spool`: whole, synced, at most 10,000 files,
#    of which refusals leave a tenth free.
# shellcheck shell=sh
umask 077
conf=${GLASSWATCH_READER_CONF:-/etc/glasswatch/reader.conf}
here=${here:-/usr/local/lib/glasswatch}

settings() { # reads reader.conf; 1 if it can't be read. One that is no shell would end ours: another shell tries it first
    # shellcheck source=reader.conf.example disable=SC1091
    [ "$( (. "$conf"; echo read) 2>/dev/null </dev/null | tail -n 1)" = read ] || return 1
    # shellcheck source=reader.conf.example disable=SC1091
    . "$conf"
    return 0
}

plain() { # text, most: what stands in a name, and nothing that a log, a shell or JSON could take for more than that
    printf %s "$1" | LC_ALL=C tr -c 'A-Za-z0-9._@+:/-' _ | cut -c "1-${2:-100}"
}

prose() { # text, most: one line of it
    # shellcheck disable=SC1003
    printf %s "$1" | LC_ALL=C tr -c '\40-\176' ' ' | LC_ALL=C tr '"\\' "'/" | cut -c "1-${2:-400}"
}

random() { od -An -N6 -tx1 /dev/urandom | tr -d ' \n'; }

log() { # priority, words
    priority=$1
    shift
    if timeout -k 1 2 logger --socket-errors=on ${SYSLOG:+-u "$SYSLOG"} -p "authpriv.$priority" -t break-glass -- "$*" 2>/dev/null
    then
        return
    fi
    echo "break-glass: syslog does not take this: $*" >&2
}

quoted() { if [ -n "$1" ]; then printf '"%s"' "$1"; else printf null; fi; }

spool() { # id, at, person, target, decision, via, state, ver, code, note, second person, login; 1: not kept
    [ -d "${SPOOL:-/nonexistent}" ] || return 1
    most=10000 rank=0
    [ "$5" = allowed ] || { most=9000 rank=1; }
    [ "$(find "$SPOOL" -mindepth 1 -maxdepth 1 | wc -l)" -lt "$most" ] || return 1
    name=$rank-$(date -u +%Y%m%dT%H%M%S%6N)-$(random)
    {
        printf '{"id": "%s", "at": "%s", "person": %s, "target": "%s", ' "$1" "$2" "$(quoted "$3")" "$4"
        printf '"decision": "%s", "via": "%s", ' "$5" "$6"
        printf '"second": %s, "login": %s, ' "$(quoted "${11:-}")" "$(quoted "${12:-}")"
        printf '"platform": "%s", "reader": "%s", ' "${PLATFORM:-unknown}" "$(plain "${READER:-unknown}")"
        printf '"state": %s, "ver": %s, "code": %s, "note": "%s"}\n' "$(quoted "$7")" "${8:-null}" "$(quoted "$9")" "${10}"
    } >"$SPOOL/.$name" && chmod 0640 "$SPOOL/.$name" && sync "$SPOOL/.$name" && mv "$SPOOL/.$name" "$SPOOL/$name.json" &&
        sync "$SPOOL" && return
    rm -f "$SPOOL/.$name"
    return 1
}

report() { # as `spool`; a report that is lost is told to syslog, one that is kept is sent
    if [ -n "${SPOOL:-}" ]; then
        spool "$@" 2>/dev/null || log err "report=lost id=$1 spool=$SPOOL"
        # A session of its own and no descriptors of ours: nobody waits for it, and no login ends with it.
        # shellcheck disable=SC2016
        [ -z "${MONITOR_URL:-}" ] || SYSLOG=${SYSLOG:-} setsid sh -c \
            '"$0" 2>&1 >/dev/null | logger ${SYSLOG:+-u "$SYSLOG"} -p authpriv.warning -t break-glass' \
            "$here/send" </dev/null >/dev/null 2>&1 &
    fi
}
