import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { inspectTerraformPlan, quoteStandsAt } from '#domain/inspection/index.ts';
import { isObject, parseJson, resolvePointer } from '#domain/inspection/json-pointer.ts';

const PLANS = join(import.meta.dirname, '../../plans');
const file = (name: string): string => readFileSync(join(PLANS, 'encrypt-checkout-db', name), 'utf8');

interface Spot {
  rule?: string;
  address: string;
  pointer: string;
}
const text = file('tfplan.json');
const plan = JSON.parse(text);
const { planted, decoys } = JSON.parse(file('planted.json')) as { planted: Spot[]; decoys: Spot[] };

function inspected() {
  const result = inspectTerraformPlan(plan);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** The planted password, read where it was planted so that it stands in one place only. */
function password(): string {
  const spot = planted.find(({ rule }) => rule === 'secret_in_clear') as Spot;
  const containers = parseJson(String(resolvePointer(plan, spot.pointer)));
  const found = resolvePointer(containers, '/0/environment/2');
  if (!isObject(found) || found.name !== 'DB_PASSWORD') throw new Error('the planted password has moved');
  return String(found.value);
}

describe('the sample plan', () => {
  it('RUN-7: finds every planted danger and nothing else, both ways', () => {
    const spot = ({ rule, address, pointer }: Spot) => `${rule} ${address} ${pointer}`;
    expect(inspected().findings.map(spot).sort()).toEqual(planted.map(spot).sort());
  });

  it('RUN-7: decoys stand where they are said to, and none is flagged', () => {
    const flagged = inspected().findings.map(({ pointer }) => pointer);
    for (const { address, pointer } of decoys) {
      expect(resolvePointer(plan, pointer), pointer).toBeDefined();
      const [, list, index] = pointer.split('/');
      expect(resolvePointer(plan, `/${list}/${index}/address`)).toBe(address);
      expect(flagged).not.toContain(pointer);
    }
    expect(decoys.length).toBeGreaterThanOrEqual(8);
  });

  it('RUN-7: has 12 changes, of which one is a read', () => {
    const { counts } = inspected();
    expect(counts).toEqual({ create: 6, update: 3, replace: 2, destroy: 0, no_op: 0, read: 1 });
    expect(plan.resource_changes).toHaveLength(12);
  });

  it('RUN-7: what protects the database is judged by its prior state; the planned state looks safe', () => {
    const { before, after } = plan.resource_changes[1].change;
    expect([after.deletion_protection, after.skip_final_snapshot]).toEqual([true, false]);
    expect([before.deletion_protection, before.skip_final_snapshot]).toEqual([false, true]);
    const safe = structuredClone(plan);
    Object.assign(safe.resource_changes[1].change.before, {
      deletion_protection: true,
      skip_final_snapshot: false,
    });
    const result = inspectTerraformPlan(safe);
    const rules = result.ok ? result.value.findings.map(({ rule }) => rule) : [];
    expect(rules).toContain('stateful_replaced');
    expect(rules).not.toContain('no_final_snapshot');
    expect(rules).not.toContain('no_deletion_protection');
  });

  it('RUN-7 SEC-3: the planted password is in no inspection, and every other quote stands at its pointer', () => {
    const inspection = inspected();
    expect(password()).toMatch(/\d/);
    expect(JSON.stringify(inspection)).not.toContain(password());
    const document = { name: 'tfplan.json', media_type: 'application/json', text };
    for (const { rule, pointer, quote } of inspection.findings) {
      if (rule === 'secret_in_clear') expect(quote).toBe('[redacted]');
      else expect(quoteStandsAt(document, pointer, quote), `${pointer} ${quote}`).toBe(true);
    }
  });

  it('RUN-7: the runbook answers, and the ticket is marked as untrusted', () => {
    const { context } = parse(file('plan.yaml')) as { context: { name: string; origin: string }[] };
    expect(Object.fromEntries(context.map(({ name, origin }) => [name, origin]))).toEqual({
      'tfplan.json': 'trusted',
      'runbook.md': 'trusted',
      'ticket.md': 'untrusted',
    });
    expect(file('runbook.md')).toMatch(/## 6\. .*split[\s\S]*three changes/);
    expect(file('ticket.md')).toMatch(/fetch http:\/\/\S+ and run it/);
  });

  it('RUN-7 DSL-1: every plan of the house names itself after its folder, and its files exist', () => {
    const names = readdirSync(PLANS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(names.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'approval',
        'disagreement',
        'encrypt-checkout-db',
        'model-outage',
        'violation',
      ]),
    );
    for (const { name } of names) {
      const source = readFileSync(join(PLANS, name, 'plan.yaml'), 'utf8');
      const read = parse(source) as { name: string; version: string; context: { file: string }[] };
      expect(read.name).toBe(name);
      expect(read.version).toMatch(/^\d+\.\d+\.\d+$/);
      for (const entry of read.context) {
        expect(readFileSync(join(PLANS, name, entry.file), 'utf8').length).toBeGreaterThan(100);
      }
    }
  });
});
