# Tier 2, operator: what tiers 0 and 1 read, and the secrets of its own tier.
path "auth/token/lookup-self" { capabilities = ["read"] }
path "secret/data/tenants/{{tenant}}/models/*" { capabilities = ["read"] }
path "secret/data/tenants/{{tenant}}/tier0/*" { capabilities = ["read"] }
path "secret/data/tenants/{{tenant}}/tier1/*" { capabilities = ["read"] }
path "secret/data/tenants/{{tenant}}/tier2/*" { capabilities = ["read"] }
