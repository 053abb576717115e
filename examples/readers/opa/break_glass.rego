# Break-glass by a signed flag, as an OPA policy: `data.break_glass.allow` is true while the flag is ready, whoever asks.
# `data.break_glass.allow_drill` is true in an exercise that names the person, and must open nothing but what is the drill's own.
#
# Input: {"flag": JWS, "person": WHO, "target": WHAT}. Data: `data.break_glass_trust` holds `jwks` (the trust file's keys of role
# flag that are not revoked, as a JWKS text), `issuer`, `deployment` and `platform`.
#
# OPA keeps no floor: an old flag can be replayed to it for as long as it lives. It writes to no syslog and tells no monitor:
# run it with `--set decision_logs.console=true`, and have `follow opa` tell of what it logs. It has no way past it of its own:
# what asks it needs a second door that does not, such as the override server of a gateway here.
package break_glass

import rego.v1

max_lifetime_seconds := 1200

tolerance_seconds := 60

default allow := false

default allow_drill := false

allow if state == "ready"

allow_drill if {
	state == "exercise"
	some cause in claims.causes
	cause.kind == "exercise"
	counts(cause)
	input.person in cause.principals
}

now_seconds := time.now_ns() / 1000000000

# What the flag says, if every rule holds that OPA can check; undefined otherwise.
state := claims.state if {
	header := io.jwt.decode(input.flag)[0]
	object.keys(header) == {"alg", "typ", "kid"}
	header.alg == "EdDSA"
	header.typ == "break-glass-flag+jwt"
	io.jwt.verify_eddsa(input.flag, data.break_glass_trust.jwks)
	claims.v == 1
	claims.iss == data.break_glass_trust.issuer
	claims.sub == data.break_glass_trust.platform
	claims.aud == sprintf("%s/%s", [data.break_glass_trust.deployment, claims.state])
	claims.iat <= now_seconds + tolerance_seconds
	claims.exp > now_seconds
	claims.exp > claims.iat
	claims.exp - claims.iat <= max_lifetime_seconds
	claims.ver <= (claims.iat + tolerance_seconds) * 1000
	claims.state == follows
}

claims := io.jwt.decode(input.flag)[1]

counts(cause) if cause.until == null

counts(cause) if cause.until > now_seconds

holding contains cause.kind if {
	some cause in claims.causes
	counts(cause)
}

follows := "ready" if count(holding & {"outage", "manual"}) > 0

else := "exercise" if "exercise" in holding

else := "standby"
