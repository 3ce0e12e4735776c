# A pipeline issues its agents' tokens, as children of its own. It reads no secret itself.
path "auth/token/create/agent-{{tenant}}" { capabilities = ["update"] }
