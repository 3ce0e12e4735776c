# Tier 1, executor: what tier 0 reads, and the secrets of its own tier.
path "auth/token/lookup-self" { capabilities = ["read"] }
path "secret/data/tenants/{{tenant}}/models/*" { capabilities = ["read"] }
path "secret/data/tenants/{{tenant}}/tier0/*" { capabilities = ["read"] }
path "secret/data/tenants/{{tenant}}/tier1/*" { capabilities = ["read"] }
