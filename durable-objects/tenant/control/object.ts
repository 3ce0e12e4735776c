import type { ControlRpc } from '../rpc.ts';
import { WithAccounts } from './accounts.ts';
import { WithAdmissions } from './admissions.ts';
import { WithAgents } from './agents.ts';
import { ControlBase, type ControlPorts } from './base.ts';
import { WithRecords } from './records.ts';
import { WithRules } from './rules.ts';
import { WithSwitches } from './switches.ts';

export type { ControlPorts };

const Concerns = WithAccounts(WithRules(WithAgents(WithSwitches(WithAdmissions(WithRecords(ControlBase))))));

/** One tenant's truth about people, keys, plans and admission. Each concern is a shell over files of functions over the store. */
export class TenantControl extends Concerns implements ControlRpc {
  constructor(ctx: DurableObjectState, env: object, ports: ControlPorts) {
    super(ctx, env, ports);
  }
}
