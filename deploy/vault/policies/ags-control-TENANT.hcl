# The control plane's part in one tenant: it may make SecretIDs of this AppRole, and change nothing about it.
# One policy a tenant, with whole paths: `auth/approle/role/pipeline-*` would also match the roles themselves,
# and `auth/approle/role/+/secret-id` every other team's role.
path "auth/approle/role/pipeline-{{tenant}}/role-id"   { capabilities = ["read"] }
path "auth/approle/role/pipeline-{{tenant}}/secret-id" { capabilities = ["update"] }
