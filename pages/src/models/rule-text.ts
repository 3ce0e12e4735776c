/** Rules that the built-in enforcement knows, for people. */
const RULES: Record<string, string> = {
  forbidden_action: 'an agent asked for what is forbidden to everybody',
  forbidden_target: 'an agent asked for a forbidden target',
  egress_private_address: 'an agent asked for a private address',
  egress_not_allowed: 'an agent asked for a host that is not on the list',
  egress_allow_list: 'an agent asked for an address that is not on the list',
  egress_url: 'an agent asked for an address that is none',
  egress_scheme: 'an agent asked for an address without encryption',
  egress_credentials: 'an agent put credentials into an address',
  egress_port: 'an agent asked for an unusual port',
  tier_too_low: 'an agent asked for what its tier may not do',
  target_not_allowed: 'an agent asked for a target that is not on the list',
  unknown_tool: 'an agent asked for a tool that nobody knows',
  invalid_arguments: 'an agent asked with arguments that do not fit the tool',
  actions_limit: 'an agent asked for more actions than its plan allows',
  no_request_after_secret: 'an agent wanted to send something after it had read a secret',
  gate_closed: 'an agent asked after its gate had closed',
  call_rate: 'an agent called too often',
  error_rate: 'agents caused too many errors',
};

/** The rule's kind as a sentence; a rule of the tenant's own shows by its name alone. */
export const plainRule = (rule: string): string => RULES[rule.split(':', 1)[0] ?? ''] ?? 'a rule was broken';
