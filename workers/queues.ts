import { logStub, pipelineStub } from '#objects/shared/stubs.ts';
import {
  type Credentials,
  createCredentials,
  createStore,
  type OnAnswer,
  watched,
} from '#workers/credentials/index.ts';
import { handleLedgerBatch, type LedgerDeps, logSources } from '#workers/ledger/index.ts';
import { handleRenewals, type RenewalDeps } from '#workers/renewals/index.ts';
import {
  CallsSeen,
  createStepDeps,
  handleDeadSteps,
  handleStepBatch,
  type StepDeps,
} from '#workers/steps/index.ts';
import { log } from '#workers/telemetry/index.ts';
import { credentialsConfig, type Env, parseConfig } from './config.ts';

interface Isolate {
  steps: StepDeps;
  credentials: Credentials;
}
const known = new WeakMap<Env, Isolate>();

/** Once per isolate: the credentials keep the control plane's session in Vault. */
function isolateOf(env: Env): Isolate {
  const made = known.get(env);
  if (made) return made;
  const config = parseConfig(env);
  const settings = credentialsConfig(config);
  const seen = new CallsSeen();
  const onAnswer: OnAnswer = (name, error) =>
    seen.note(
      '',
      name,
      error && {
        code: `credentials_${error.kind}`,
        message: error.message,
        retry_after_s: error.retry_after_s ?? null,
      },
    );
  const credentials = createCredentials(settings, { onAnswer });
  const store = watched(createStore(settings.store), onAnswer);
  const steps = { ...createStepDeps(env, config, credentials, store, seen), log };
  const isolate = { steps, credentials };
  known.set(env, isolate);
  return isolate;
}

const ledgerDeps = (env: Env): LedgerDeps => ({
  db: env.LEDGER,
  tree: (tenant) => logStub(env.LOG, tenant),
  pipeline: logSources(env),
  log,
  now: () => new Date().toISOString(),
});

const renewalDeps = (env: Env): RenewalDeps => ({
  pipeline: (tenant, pipelineId) => pipelineStub(env.PIPELINE, tenant, pipelineId),
  credentials: isolateOf(env).credentials,
  now: () => Date.now(),
  random: () => Math.random(),
  log,
});

/** Queue name → consumer. An unknown queue is a mistake in wrangler.toml: its messages are kept for another deployment. */
const CONSUMERS: readonly [RegExp, (batch: MessageBatch, env: Env) => Promise<void>][] = [
  [/^ags-steps-\d+$/, (batch, env) => handleStepBatch(batch, isolateOf(env).steps)],
  [/^ags-steps-dead$/, (batch, env) => handleDeadSteps(batch, isolateOf(env).steps)],
  [/^ags-renewals$/, (batch, env) => handleRenewals(batch, renewalDeps(env))],
  [/^ags-ledger$/, (batch, env) => handleLedgerBatch(batch, ledgerDeps(env))],
];

export async function consumeQueue(batch: MessageBatch, env: Env): Promise<void> {
  const consumer = CONSUMERS.find(([name]) => name.test(batch.queue))?.[1];
  if (consumer) return consumer(batch, env);
  log('error', 'a queue has no consumer here', { queue: batch.queue });
  batch.retryAll({ delaySeconds: 300 });
}
