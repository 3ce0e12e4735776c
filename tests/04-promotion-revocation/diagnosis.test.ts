import { expect, it } from 'vitest';
import { StepWorld, samplePlan } from '#tests/03-agent-execution/step-world.ts';

/** A model that cuts its answers off once the seats are at work; the planner gets the embedded one's. */
const cutOff =
  (world: StepWorld): StepWorld['model'] =>
  async (request) => {
    if (world.rig.state.state !== 'ORCHESTRATING') return new StepWorld().model(request);
    const chunk = { choices: [{ index: 0, delta: { content: '{"findings": [' }, finish_reason: 'stop' }] };
    const usage = { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } };
    const body = [chunk, usage].map((part) => `data: ${JSON.stringify(part)}\n\n`).join('');
    return new Response(`${body}data: [DONE]\n\n`, { headers: { 'content-type': 'text/event-stream' } });
  };

it('ENF-1 ENF-5: seats that never answer rightly are stopped; one diagnosis reads the run and files a bug about it', async () => {
  const world = new StepWorld().spawn(samplePlan('encrypt-checkout-db'));
  world.model = cutOff(world);
  await world.run();
  expect(world.rig.state.outcome).toMatchObject({ exit_code: 1, reason: 'error_rate' });
  expect(world.rig.state.sealed).toBe(true);
  expect(world.desk.alive.size).toBe(0);
  expect(world.successors).toHaveLength(1);
  const [command] = world.successors;
  expect(command).toMatchObject({ mode: 'diagnostic', tier: 0, diagnoses: 'pl_0123456789abcdef' });

  const diagnosis = await new StepWorld()
    .spawn(command!.plan, { mode: 'diagnostic', tier: 0, diagnoses: command!.diagnoses })
    .run();
  expect(diagnosis.rig.state.outcome).toMatchObject({
    state: 'COMPLETED',
    exit_code: 0,
    reason: 'diagnosed',
  });
  expect(diagnosis.rig.state.report?.summary).not.toBe('');
  expect(diagnosis.rig.state.bugs).toMatchObject([{ about: 'pl_0123456789abcdef' }]);
  // It read the run that failed, and what that run's agents wrote stays untrusted.
  expect(diagnosis.prompts.join()).toContain('error_rate');
  expect(diagnosis.rig.state.spawned?.documents).toMatchObject([
    { name: 'failed-run.json', origin: 'untrusted' },
  ]);
  expect(diagnosis.desk.alive.size).toBe(0);
}, 60_000);
