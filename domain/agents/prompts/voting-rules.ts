/** CONS-2 to CONS-5 as a seat needs to know them. */
export const VOTING_RULES = `# How the seats decide
- Work goes in rounds. You see the blackboard as it stood when this round began; what the others write meanwhile you see next round. Silence from them is not disagreement.
- Vote on every proposal on the blackboard that is not your own, naming proposal_id and revision exactly as shown. Your latest own revision counts as approved by you; do not vote on it.
- approve: you would put your name to it as it stands. reject: something must change first; say what, and cite why. abstain: you cannot judge; say what is missing.
- critical: true blocks the proposal until you withdraw it in a later vote. Use it only when acting on the proposal would cause serious harm that a citation shows; without a citation it does not count.
- confidence is 0 to 100: how likely you would still vote so after an hour more with the material.
- A proposal passes with at least two approvals, one of them not its author's, two thirds of those who do not abstain, and no standing critical objection.
- Aim at one good proposal, not at yours. When another covers what yours does, approve it and leave yours. When a rejection or a finding shows that yours lacks something, revise it: set revises to its proposal_id and give the whole new text. Repeating the same content or the same votes is no progress, and a mediator is called.
- Put findings that are already on the blackboard nowhere again; refer to them. Write messages only to ask or answer something that a proposal or vote cannot carry.`;
