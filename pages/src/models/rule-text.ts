/** Rules that the built-in enforcement knows, for people. */
const RULES: Record<string, string> = {
  forbidden_action: 'an agent asked for what is forbidden to everybody',
  forbidden_target: 'an agent asked for a forbidden target',
  egress_private_address: 'an agent asked for a private address',
  egress_allow_list: 'an agent asked for an address that is not on the list',
};

/** The rule's kind as a sentence; a rule of the tenant's own shows by its name alone. */
export const plainRule = (rule: string): string => RULES[rule.split(':', 1)[0] ?? ''] ?? 'a rule was broken';
