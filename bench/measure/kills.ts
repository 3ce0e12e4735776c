import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient, type KillRequest } from '#client/index.ts';
import { atMost, type Measurement } from '../report.ts';
import { PLATFORM_KEY, type Running } from '../runtime.ts';

/** One for the narrow levels, one for the tenant's own, and one more that the switch for everything has to reach. */
export const KILL_TENANTS = ['kills-a', 'kills-b', 'kills-c'];

/** Pipelines that a wide switch reaches, each waiting for a person with its tokens alive. */
const LIVE = 20;
const PLAN = `name: bench
version: 1.0.0
tier: 0
objective: Is this stopped at once?
`;

async function open(baseUrl: string, tenant: string): Promise<Client> {
  const platform = createClient({ baseUrl, key: PLATFORM_KEY });
  await platform.createTenant({ tenant, name: tenant });
  const { secret } = await platform.bootstrapKey(tenant);
  return createClient({ baseUrl, key: secret });
}

/** Pipelines whose planner has reported, so that a token is there to lose. */
async function waiting(client: Client, count: number, project_id?: string): Promise<string[]> {
  const spawn = { plan: { source: PLAN }, auto_continue: false, ...(project_id && { project_id }) };
  const spawned = await Promise.all(Array.from({ length: count }, () => client.spawn(spawn)));
  const ids = spawned.map((p) => p.pipeline_id);
  for (const id of ids) while ((await client.pipeline(id)).waiting_for !== 'continue') await sleep(50);
  return ids;
}

/** ENF-6: from the request to the answer, in which every pipeline in scope has acknowledged; reported, with no target. */
async function stop(
  client: Client,
  level: string,
  request: Omit<KillRequest, 'reason'>,
): Promise<Measurement> {
  const from = performance.now();
  const answer = await client.throwKillSwitch({ ...request, reason: 'bench' });
  const took = performance.now() - from;
  if (answer.unacknowledged.length > 0)
    throw new Error(`${level}: ${answer.unacknowledged.join(', ')} did not answer`);
  return atMost('ENF-6', `kill switch, ${level}`, took, 'ms');
}

export async function measureKills({ url }: Running): Promise<Measurement[]> {
  const [a, b, c] = await Promise.all(KILL_TENANTS.map((tenant) => open(url, tenant)));
  if (!a || !b || !c) throw new Error('three tenants are needed');
  const [first = '', second = ''] = await waiting(a, 2);
  const agent = (await a.orchestration(first)).agents[0]?.agent_id ?? '';
  const measured = [
    await stop(a, 'one agent', { scope: 'agent', id: agent }),
    await stop(a, 'one pipeline', { scope: 'pipeline', id: second }),
  ];
  const { project_id } = await a.createProject('bench');
  await waiting(a, LIVE, project_id);
  measured.push(await stop(a, `a project of ${LIVE} pipelines`, { scope: 'project', id: project_id }));
  await waiting(b, LIVE);
  measured.push(
    await stop(b, `a tenant of ${LIVE} pipelines`, { scope: 'tenant', id: KILL_TENANTS[1] ?? '' }),
  );
  await waiting(c, LIVE);
  const platform = createClient({ baseUrl: url, key: PLATFORM_KEY });
  measured.push(
    await stop(platform, `everything, ${LIVE} pipelines in 3 tenants`, { scope: 'system', id: 'system' }),
  );
  return measured;
}
