import { describe, expect, it } from 'vitest';
import { controlStub } from '#objects/shared/stubs.ts';
import { env, makeTenant } from '#tests/support/worker.ts';

describe('the quota of diagnoses', () => {
  it('ENF-1: ten are admitted beside the pipelines’ own quota, the eleventh waits; an ended one makes room', async () => {
    await makeTenant('diagnoses');
    const control = controlStub(env.CONTROL, 'diagnoses');
    const slice = { tokens: 0, cost_microusd: 0 };
    const admit = (pipeline_id: string, diagnostic?: boolean) =>
      control.admit({ pipeline_id, project_id: null, request_sha256: pipeline_id, slice, diagnostic });
    for (let n = 0; n < 100; n++) expect((await admit(`pl_run${n}`)).ok).toBe(true);
    expect((await admit('pl_run100')).ok).toBe(false);
    for (let n = 0; n < 10; n++) expect((await admit(`pl_diagnosis${n}`, true)).ok).toBe(true);
    expect(await admit('pl_diagnosis10', true)).toMatchObject({
      ok: false,
      error: { code: 'quota_exceeded', detail: expect.stringContaining('10 diagnoses') },
    });
    await control.release('pl_diagnosis3', slice);
    expect((await admit('pl_diagnosis10', true)).ok).toBe(true);
    expect((await admit('pl_run100')).ok).toBe(false);
  });
});
