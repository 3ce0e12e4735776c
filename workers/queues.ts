import { logStub } from '#objects/shared/stubs.ts';
import { createCredentials, createStore } from '#workers/credentials/index.ts';
import { handleLedgerBatch, type LedgerDeps, logSources } from '#workers/ledger/index.ts';
import { createStepDeps, handleDeadSteps, handleStepBatch, type StepDeps } from '#workers/steps/index.ts';
import { log } from '#workers/telemetry/index.ts';
import { credentialsConfig, type Env, parseConfig } from './config.ts';

const known = new WeakMap<Env, StepDeps>();

/** Once per isolate: the credentials keep the control plane's session in Vault. */
function stepDeps(env: Env): StepDeps {
  const made = known.get(env);
  if (made) return made;
  const config = parseConfig(env);
  const credentials = credentialsConfig(config);
  const deps: StepDeps = {
    ...createStepDeps(env, config, createCredentials(credentials), createStore(credentials.store)),
    log,
  };
  known.set(env, deps);
  return deps;
}

const ledgerDeps = (env: Env): LedgerDeps => ({
  db: env.LEDGER,
  tree: (tenant) => logStub(env.LOG, tenant),
  pipeline: logSources(env),
  log,
  now: () => new Date().toISOString(),
});

/** Queue name → consumer. An unknown queue is a mistake in wrangler.toml: its messages are kept for another deployment. */
const CONSUMERS: readonly [RegExp, (batch: MessageBatch, env: Env) => Promise<void>][] = [
  [/^ags-steps-\d+$/, (batch, env) => handleStepBatch(batch, stepDeps(env))],
  [/^ags-steps-dead$/, (batch, env) => handleDeadSteps(batch, stepDeps(env))],
  [/^ags-ledger$/, (batch, env) => handleLedgerBatch(batch, ledgerDeps(env))],
];

export async function consumeQueue(batch: MessageBatch, env: Env): Promise<void> {
  const consumer = CONSUMERS.find(([name]) => name.test(batch.queue))?.[1];
  if (consumer) return consumer(batch, env);
  log('error', 'a queue has no consumer here', { queue: batch.queue });
  batch.retryAll({ delaySeconds: 300 });
}
