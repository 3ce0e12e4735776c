import type { Endpoint } from './endpoint.ts';
import { actions } from './resources/actions.ts';
import { agents } from './resources/agents.ts';
import { archives } from './resources/archives.ts';
import { auth } from './resources/auth.ts';
import { consensus } from './resources/consensus.ts';
import { docs } from './resources/docs.ts';
import { erasures } from './resources/erasures.ts';
import { evidence } from './resources/evidence.ts';
import { health } from './resources/health.ts';
import { identities } from './resources/identities.ts';
import { killSwitches } from './resources/kill-switches.ts';
import { ledger } from './resources/ledger.ts';
import { mcp } from './resources/mcp.ts';
import { mcpServers } from './resources/mcp-servers.ts';
import { memory } from './resources/memory.ts';
import { observability } from './resources/observability.ts';
import { people } from './resources/people.ts';
import { pipeline } from './resources/pipeline.ts';
import { pipelines } from './resources/pipelines.ts';
import { plans } from './resources/plans.ts';
import { policies } from './resources/policies.ts';
import { quotas } from './resources/quotas.ts';
import { recovery } from './resources/recovery.ts';
import { spawn } from './resources/spawn.ts';
import { tenants } from './resources/tenants.ts';
import { tree } from './resources/tree.ts';
import { violations } from './resources/violations.ts';

/** Everything that this API offers, one file per resource. */
export const ENDPOINTS: readonly Endpoint[] = [
  spawn,
  ...pipelines,
  ...pipeline,
  ...consensus,
  ...evidence,
  ...archives,
  ...erasures,
  ...tree,
  ...observability,
  ...plans,
  ...policies,
  ...recovery,
  ...ledger,
  ...killSwitches,
  ...violations,
  ...identities,
  ...agents,
  ...actions,
  ...mcp,
  ...mcpServers,
  ...memory,
  ...people,
  ...tenants,
  ...quotas,
  ...auth,
  ...health,
  ...docs(() => ENDPOINTS),
];
