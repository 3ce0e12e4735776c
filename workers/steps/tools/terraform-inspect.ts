import * as z from 'zod';
import {
  inspectTerraformPlan,
  looksLikeTerraformPlan,
  type TerraformInspection,
} from '#domain/inspection/terraform/index.ts';
import { byteLength } from './result.ts';
import { defineTool, type ToolOutcome, textOf } from './tool.ts';

const MAX_BYTES = 40_000;

const wrong = (code: string, message: string): ToolOutcome => ({
  ok: false,
  code,
  message,
  transient: false,
  origin: ['tool:terraform_inspect'],
});

/** Findings come severest first; the mildest are left off, and counted, until the rest fits. */
function fitting(inspection: TerraformInspection): { value: TerraformInspection; truncated: boolean } {
  const { findings } = inspection;
  let size = byteLength(JSON.stringify({ ...inspection, findings: [] }));
  const kept = findings.filter((finding) => {
    size += byteLength(JSON.stringify(finding)) + 1;
    return size <= MAX_BYTES;
  });
  const left = findings.length - kept.length;
  return {
    value: { ...inspection, findings: kept, findings_left_off: inspection.findings_left_off + left },
    truncated: left > 0,
  };
}

export const terraformInspect = defineTool({
  name: 'terraform_inspect',
  description:
    'Judges a context document that is the output of `terraform show -json`, without running anything: counts of changes, blast radius, score, and findings (destroyed or replaced data, missing protection in the prior state, public exposure, privilege, secrets in clear, forbidden targets), each with its JSON pointer and the value found. `document` is the name of the document.',
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
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return wrong('not_json', `${document} is not JSON; give the output of terraform show -json.`);
    }
    if (!looksLikeTerraformPlan(json))
      return wrong('not_a_plan', `${document} is not the output of terraform show -json.`);
    const inspected = inspectTerraformPlan(json);
    if (!inspected.ok) return wrong(inspected.error.code, inspected.error.message);
    return { ok: true, ...fitting(inspected.value), origin: ['tool:terraform_inspect', ref.origin] };
  },
});
