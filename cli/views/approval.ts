import type { ApprovalView } from '#client/index.ts';
import type { Style } from '../terminal/style.ts';
import { printable } from '../terminal/text.ts';

/** Everything that a person decides on: what, where, who asked, why, until when, and the hash that binds it (GOV-5). */
export function approvalLines(approval: ApprovalView, style: Style): string[] {
  const paint = approval.status === 'pending' ? style.caution : style.faint;
  const rows: [string, string][] = [
    ['target', approval.target],
    ['arguments', JSON.stringify(approval.arguments)],
    ['asked by', approval.requested_by],
    ['because', approval.reason],
    ['policies', approval.policies.join(', ')],
    ['pipeline', approval.pipeline_id],
    [approval.status === 'pending' ? 'expires' : 'decided by', approval.decided_by ?? approval.expires_at],
    ['sha256', approval.action_sha256],
  ];
  return [
    `${paint(approval.status)} ${style.strong(printable(approval.tool))} ${style.faint(approval.approval_id)}`,
    ...rows
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `  ${style.faint(name.padEnd(10))} ${printable(value)}`),
  ];
}
