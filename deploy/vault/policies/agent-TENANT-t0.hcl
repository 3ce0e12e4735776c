# Tier 0, observer: model keys, and the secrets of its tier.
path "auth/token/lookup-self" { capabilities = ["read"] }
path "secret/data/tenants/{{tenant}}/models/*" { capabilities = ["read"] }
path "secret/data/tenants/{{tenant}}/tier0/*" { capabilities = ["read"] }
