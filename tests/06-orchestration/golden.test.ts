import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toOrchestration, toTokenStatus } from '#contract/views.ts';
import { verifyChain } from '#domain/ledger/chain.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { agentEvolvers } from '#domain/pipeline/evolve/agents.ts';
import { blackboardEvolvers } from '#domain/pipeline/evolve/blackboard.ts';
import { credentialEvolvers } from '#domain/pipeline/evolve/credentials.ts';
import { lifecycleEvolvers } from '#domain/pipeline/evolve/lifecycle.ts';
import { recoveryEvolvers } from '#domain/pipeline/evolve/recovery.ts';
import { stepEvolvers } from '#domain/pipeline/evolve/steps.ts';
import { replay } from '#domain/pipeline/evolve.ts';
import { goldenLogs } from './golden/scenario.ts';

/**
 * Logs as they were written once, with what they meant. They are never regenerated to please a change: a new version of an event
 * gets a new file, and these must go on meaning the same (PIPE-7). A missing file is written, so that a new one can be added.
 */
const FILES = Object.keys(goldenLogs());
const pathOf = (name: string): URL => new URL(`./golden/${name}.json`, import.meta.url);
const meaning = (log: PipelineEvent[]) => {
  const state = replay(log);
  return { orchestration: toOrchestration(state), token: toTokenStatus(state) };
};

for (const [name, log] of Object.entries(goldenLogs())) {
  if (!existsSync(pathOf(name)) && !process.env.CI) {
    writeFileSync(pathOf(name), `${JSON.stringify({ log, meaning: meaning(log) }, null, 1)}\n`);
  }
}

const golden = (name: string): { log: PipelineEvent[]; meaning: object } =>
  JSON.parse(readFileSync(pathOf(name), 'utf8'));

describe('golden logs', () => {
  it.each(FILES)('PIPE-7: %s replays to what it meant when it was written', (name) => {
    const { log, meaning: expected } = golden(name);
    // A view may come to say more; what it said then it still says.
    expect(JSON.parse(JSON.stringify(meaning(log)))).toMatchObject(expected);
  });

  it.each(FILES)('PIPE-7, LEDG-2: the chain of %s still verifies', (name) => {
    expect(verifyChain(golden(name).log)).toEqual({ ok: true, count: golden(name).log.length });
  });

  it('PIPE-7: the golden logs hold every event type of version 1', () => {
    const known = Object.keys({
      ...lifecycleEvolvers,
      ...stepEvolvers,
      ...agentEvolvers,
      ...blackboardEvolvers,
      ...recoveryEvolvers,
      ...credentialEvolvers,
    });
    const seen = new Set(FILES.flatMap((name) => golden(name).log.map((e) => e.type as string)));
    expect(known.filter((type) => !seen.has(type))).toEqual([]);
  });
});
