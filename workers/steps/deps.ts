import { judgeServerUrl } from '#domain/governance/egress.ts';
import { controlStub, pipelineStub } from '#objects/shared/stubs.ts';
import type { Config, Env } from '#workers/config.ts';
import { recordDeadLetter } from '#workers/ledger/index.ts';
import type { BaseUrls } from '#workers/models/index.ts';
import { log } from '#workers/telemetry/index.ts';
import { gateOf } from './gate.ts';
import type { ContextStore, CredentialsPort, StepDeps } from './ports.ts';
import { ledgerOf, memoryOf, notesOf } from './records.ts';
import { CallsSeen } from './seen.ts';

const HEARTBEAT_MS = 5_000;

/** AGENT-2: Workers AI is reached through its OpenAI-compatible endpoint. */
function baseUrlsOf({ model }: Config): BaseUrls {
  const account = model.cloudflareAccountId;
  return {
    ...(account ? { workers_ai: `https://api.cloudflare.com/client/v4/accounts/${account}/ai/v1` } : {}),
    ...(model.baseUrl ? { [model.provider]: model.baseUrl } : {}),
  };
}

/** One function for all batches of an isolate: what is kept for it is kept across them. */
const send: typeof fetch = (input, init) => fetch(input, init);

/** Everything that steps need, from the Worker's bindings and configuration. */
export function createStepDeps(
  env: Pick<Env, 'PIPELINE' | 'CONTROL' | 'LEDGER'>,
  config: Config,
  credentials: CredentialsPort,
  context: ContextStore,
  seen: CallsSeen = new CallsSeen(),
): StepDeps {
  return {
    pipeline: (tenant, pipelineId) => pipelineStub(env.PIPELINE, tenant, pipelineId),
    credentials,
    context,
    seen,
    control: (tenant) => controlStub(env.CONTROL, tenant),
    spawn: (tenant, pipelineId) => pipelineStub(env.PIPELINE, tenant, pipelineId),
    gate: gateOf(env, config),
    memory: memoryOf(env.LEDGER),
    servers: {
      async find(tenant, name) {
        const found = await controlStub(env.CONTROL, tenant).readMcpServer(name);
        return found.ok ? found.value : null;
      },
      observe: (tenant, name, tools) => controlStub(env.CONTROL, tenant).observeMcpTools(name, tools),
      mayReach: (url) => judgeServerUrl(url, { allow: config.httpAllow, local: config.mcpLocal }),
    },
    ledger: ledgerOf(env.LEDGER),
    notes: notesOf(env.LEDGER),
    models: { baseUrls: baseUrlsOf(config), prices: config.model.prices },
    httpAllow: config.httpAllow,
    fetch: send,
    clocks: {
      heartbeat_ms: HEARTBEAT_MS,
      now: () => Date.now(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      random: () => Math.random(),
    },
    recordDeadLetter: (letter) => recordDeadLetter(env.LEDGER, letter),
    log,
  };
}
