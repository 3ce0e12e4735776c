import { controlStub } from '#objects/shared/stubs.ts';
import type { Config, Env } from '#workers/config.ts';
import { createGate, type Gate, type PolicySource } from '#workers/policy/index.ts';
import { TOOL_RULES } from './tools/index.ts';

/** GOV-4: a version as a permit names it, `3:9f86…`; what the control object has must be that very text. */
const policiesOf =
  (control: Env['CONTROL']): PolicySource =>
  async (tenant, policy_version) => {
    const [version, sha256] = policy_version.split(':');
    const found = await controlStub(control, tenant).readPolicies(Number(version));
    return found.ok && found.value.sha256 === sha256
      ? { policy_version, sha256, text: found.value.cedar }
      : null;
  };

const gates = new WeakMap<object, Gate>();

/** GOV-2: the one gate of this isolate, for steps of ours, outside agents, and questions about what it would say. */
export function gateOf(env: Pick<Env, 'CONTROL'>, config: Config): Gate {
  const known = gates.get(env);
  if (known) return known;
  const gate = createGate(
    { tools: TOOL_RULES, egress: { allow: config.httpAllow } },
    policiesOf(env.CONTROL),
  );
  gates.set(env, gate);
  return gate;
}
