import { afterAll, beforeAll, expect, it } from 'vitest';
import { handleModel } from '#workers/embedded/model/index.ts';
import { everyRole, StepWorld, samplePlan } from '../03-agent-execution/step-world.ts';
import { type EmbeddedServices, startEmbedded } from '../support/embedded.ts';
import { credentialsFor } from '../support/embedded-credentials.ts';

let services: EmbeddedServices;
let setup: Awaited<ReturnType<typeof credentialsFor>>;
beforeAll(async () => {
  services = await startEmbedded();
  setup = await credentialsFor(services, 'acme');
});
afterAll(() => services.stop());

/** What was asked of Vault and of the store during `run`, by the last words of the path or by the store's command. */
async function counted(run: () => Promise<unknown>): Promise<Record<string, number>> {
  const calls: Record<string, number> = {};
  const send = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const { pathname } = new URL(String(input instanceof Request ? input.url : input));
    const vault = /\/vault\/v1\/(.*)$/.exec(pathname)?.[1];
    const command = /\/redis/.test(pathname) ? /set|get|del/i.exec(String(init?.body))?.[0] : undefined;
    const name = vault?.replace(/(auth\/approle\/role|create|data)\/.*/, '$1') ?? command?.toLowerCase();
    if (name) calls[name] = (calls[name] ?? 0) + 1;
    return send(input, init);
  };
  try {
    await run();
  } finally {
    globalThis.fetch = send;
  }
  return calls;
}

function pipeline(): StepWorld {
  const world = new StepWorld();
  world.model = (request) => handleModel(request, { EMBEDDED_MODEL_KEY: services.modelKey });
  const models = everyRole({ provider: 'embedded', model: 'extractive-1', fallbacks: [], max_tokens: 8_000 });
  return world.spawn({ ...samplePlan('clean-change'), models });
}

it('CRED-1, CRED-4: a pipeline asks Vault for a login, a token per agent, a key per model call, one revocation, one proof per token', async () => {
  const credentials = setup.make();
  // The control plane's own session and the tenant's role id are kept by the isolate.
  await credentials.login({ tenant: 'acme', pipeline: 'pl_warm', generation: 1 });
  const world = pipeline();
  Object.assign(world.deps, { credentials });
  const calls = await counted(() => world.run());
  const { agents, tokens } = world.rig.state;
  const turns = world.prompts.length;
  const issued = Object.keys(agents).length;
  expect(world.rig.state.sealed).toBe(true);
  expect(tokens.map((t) => t.how)).toEqual(tokens.map(() => 'lookup'));
  expect(calls).toEqual({
    'auth/approle/role': 1,
    'auth/approle/login': 1,
    'auth/token/create': issued,
    'secret/data': turns,
    'auth/token/revoke-accessor': 1,
    'auth/token/lookup-accessor': tokens.length,
    set: 1 + issued,
    del: 1,
  });
});
