import * as z from 'zod';
import { type AnsibleInspection, inspectAnsible } from '#domain/inspection/ansible/index.ts';
import { byteLength } from './result.ts';
import { defineTool, type ToolOutcome, textOf } from './tool.ts';

const MAX_BYTES = 40_000;

const wrong = (code: string, message: string): ToolOutcome => ({
  ok: false,
  code,
  message,
  transient: false,
  origin: ['tool:ansible_inspect'],
});

/** Findings come severest first; the mildest are left off, and counted, until the rest fits. */
function fitting(inspection: AnsibleInspection): { value: AnsibleInspection; truncated: boolean } {
  let size = byteLength(JSON.stringify({ ...inspection, findings: [] }));
  const findings = inspection.findings.filter((finding) => {
    size += byteLength(JSON.stringify(finding)) + 1;
    return size <= MAX_BYTES;
  });
  const left = inspection.findings.length - findings.length;
  const findings_left_off = inspection.findings_left_off + left;
  return { value: { ...inspection, findings, findings_left_off }, truncated: left > 0 };
}

export const ansibleInspect = defineTool({
  name: 'ansible_inspect',
  description:
    'Judges a context document that is an Ansible playbook, a file of tasks, or an inventory (INI or YAML), without running anything: hosts, privileged and destroying tasks, score, and findings (forbidden hosts, data destroyed, scripts from the network, secrets in clear, open networks, world-writable files), each with line and column. `document` is the name of the document.',
  args: z.strictObject({ document: z.string().min(1).max(300) }),
  min_tier: 0,
  effect: 'pure',
  external: false,
  acts: false,
  target: (args) => textOf(args.document),
  run: async ({ document }, context) => {
    const ref = context.documents.find(({ name }) => name === document);
    if (ref === undefined) {
      const names = context.documents.map(({ name }) => name).join(', ');
      return wrong('not_found', `There is no document of this name; there are: ${names || 'none'}.`);
    }
    const text = await context.readDocument(ref);
    if (text === null) return wrong('not_found', 'The text of this document is gone.');
    const inspected = inspectAnsible(text);
    if (!inspected.ok) return wrong(inspected.error.code, `${document}: ${inspected.error.message}`);
    return { ok: true, ...fitting(inspected.value), origin: ['tool:ansible_inspect', ref.origin] };
  },
});
