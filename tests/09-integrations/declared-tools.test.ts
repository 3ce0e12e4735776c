import { describe, expect, it } from 'vitest';
import { declaredBy } from '#cli/connect/declared.ts';
import { outsideTool, speaksOfDestroying } from '#domain/governance/outside-tools.ts';
import type { Tier } from '#domain/governance/tier.ts';
import type { DeclaredTool, OutsideTool } from '#domain/pipeline/event/actions.ts';
import { facts, gate } from '#tests/support/gate.ts';
import { declaredTools } from '#workers/api/declared-tools.ts';

/** GOV-1 for tools of agents that run elsewhere: what a registration declares, and what is assumed where it says nothing. */

const judged = (tool: string, outside_tool: OutsideTool, tier: Tier, target = 'sandbox-x') =>
  gate.judgeUnder(
    facts({ tool, arguments: { name: target }, target, tier, role: 'OUTSIDE', outside_tool }),
    null,
  );

const [reversible, read, widest] = declaredTools([
  { name: 'bounce_service', irreversible: false },
  { name: 'read_metrics', acts: false },
  { name: 'sweep' },
]) as [DeclaredTool, DeclaredTool, DeclaredTool];
const DECLARED = [reversible, read, widest];

describe('what a tool of an outside agent is taken for', () => {
  it.each(['terraform_destroy', 'delete_database', 'apply', 'run_sql', 'mcp__github__create_issue'])(
    'GOV-1: %s, which nobody declared, takes a person at tier 1 and at tier 2, and is refused at tier 0',
    (name) => {
      for (const tier of [1, 2] as const)
        expect(judged(name, outsideTool(name), tier)).toMatchObject({
          decision: 'require_approval',
          determining: ['irreversible_needs_approval'],
          reason: `${name} cannot be taken back, so a person has to approve it.`,
          effect: 'once',
        });
      expect(judged(name, outsideTool(name), 0)).toMatchObject({
        decision: 'deny',
        determining: expect.arrayContaining(['tier_too_low']),
      });
    },
  );

  it('GOV-1: a person is not asked about what is refused anyway', () => {
    const name = 'delete_database';
    expect(judged(name, outsideTool(name), 2, 'prod-x')).toMatchObject({
      decision: 'deny',
      determining: expect.arrayContaining(['forbidden_target:prod-*']),
    });
    expect(judged(name, outsideTool(name), 2, 'elsewhere')).toMatchObject({
      decision: 'deny',
      determining: expect.arrayContaining(['target_not_allowed']),
    });
  });

  it('GOV-1: declared as one that can be taken back, it acts on allowed targets without a person, and only on them', () => {
    const tool = outsideTool('bounce_service', DECLARED);
    expect(judged('bounce_service', tool, 1)).toMatchObject({ decision: 'allow' });
    expect(judged('bounce_service', tool, 1, 'prod-x').decision).toBe('deny');
    expect(judged('bounce_service', tool, 0).determining).toEqual(['tier_too_low']);
  });

  it('GOV-1: declared as reading, it is open to tier 0 wherever it looks', () => {
    const tool = outsideTool('read_metrics', DECLARED);
    expect(judged('read_metrics', tool, 0, 'elsewhere')).toMatchObject({ decision: 'allow', effect: 'pure' });
  });

  it('GOV-1: what a declaration leaves out is assumed as for a tool that nobody declared', () => {
    expect(widest).toEqual({
      name: 'sweep',
      min_tier: 1,
      effect: 'once',
      acts: true,
      external: true,
      irreversible: true,
    });
    expect(outsideTool('sweep', DECLARED)).toEqual(outsideTool('never_heard_of'));
    expect(read).toMatchObject({ min_tier: 0, effect: 'pure', irreversible: false });
  });

  it('GOV-1: the registration’s word goes before what a known name is taken for, both ways', () => {
    const stricter = declaredTools([{ name: 'Bash' }]);
    expect(outsideTool('Bash').irreversible).toBeUndefined();
    expect(outsideTool('Bash', stricter).irreversible).toBe(true);
    expect(outsideTool('Read', declaredTools([{ name: 'Read' }]))).toMatchObject({ acts: true, min_tier: 1 });
    expect(outsideTool('bounce_service', DECLARED).irreversible).toBe(false);
  });

  it('GOV-7: Claude Code’s own tools stay usable: reading is tier 0, files and the shell need no person by themselves', () => {
    expect(judged('Read', outsideTool('Read'), 0).decision).toBe('allow');
    for (const name of ['Write', 'Edit', 'Bash', 'KillShell'])
      expect(judged(name, outsideTool(name), 1).decision).toBe('allow');
  });

  it('GOV-1: a built-in tool cannot be declared, and none twice; the field is named', () => {
    const refused = (tools: Parameters<typeof declaredTools>[0]) => {
      try {
        declaredTools(tools);
      } catch (error) {
        return error;
      }
    };
    expect(refused([{ name: 'a' }, { name: 'http_get', acts: false }])).toMatchObject({
      code: 'validation_failed',
      extras: { field: 'tools[1].name' },
    });
    expect(refused([{ name: 'a' }, { name: 'a', acts: false }])).toMatchObject({
      message: 'a is declared twice.',
    });
  });
});

describe('commands that cannot be taken back', () => {
  it.each([
    'terraform destroy',
    'cd infra && terraform -chdir=x destroy -auto-approve',
    'kubectl delete ns sandbox-x',
    'aws rds delete-db-instance --db-instance-identifier sandbox-x',
    'aws ec2 terminate-instances --instance-ids i-1',
    'git push --force origin main',
    'git push origin +main',
    'git push -f',
    'helm uninstall web',
    'rm -rf /srv/data',
    'sudo rm -fr ~/data',
    'rm --recursive ../other',
    'psql -c "DROP TABLE users"',
    'psql -c "delete from users"',
    'mysql -e "TRUNCATE orders"',
    'redis-cli FLUSHALL',
    'mkfs.ext4 /dev/sdb',
    'dd if=/dev/zero of=/dev/sda',
    'docker volume rm data',
    'vault kv metadata delete secret/x',
  ])('GOV-1: %s', (command) => {
    expect(speaksOfDestroying({ command })).toBe(true);
  });

  it.each([
    'npm test',
    'rm -rf node_modules',
    'rm build/out.js /tmp/x',
    'git push origin main',
    'terraform plan',
    'kubectl get pods; echo delete',
    'grep -rn delete src',
    'truncate -s 0 app.log',
    'ls drop/table',
  ])('GOV-1: %s is left alone', (command) => {
    expect(speaksOfDestroying({ command })).toBe(false);
  });

  it('GOV-1: in lists of words and in SQL too, but not in what is only written or looked for', () => {
    expect(speaksOfDestroying({ args: ['terraform', 'destroy'] })).toBe(true);
    expect(speaksOfDestroying({ sql: 'drop schema x' })).toBe(true);
    expect(speaksOfDestroying({ content: 'drop table users', pattern: 'terraform destroy' })).toBe(false);
    expect(speaksOfDestroying({ command: 7 })).toBe(false);
  });
});

describe('declared on the command line', () => {
  it('GOV-1 CLI-1: words say what a tool does; what they leave out is assumed at registration', () => {
    expect(declaredBy('restart_service=reversible')).toEqual({
      name: 'restart_service',
      irreversible: false,
    });
    expect(declaredBy('read_metrics=reads,internal,tier1')).toEqual({
      name: 'read_metrics',
      acts: false,
      external: false,
      min_tier: 1,
    });
    expect(declaredTools([declaredBy('drop=irreversible,tier2')])).toMatchObject([
      { irreversible: true, min_tier: 2, effect: 'once', external: true },
    ]);
  });

  it.each(['restart_service', 'restart_service=', '=reads', 'x=harmless', 'x=reads,harmless'])(
    'GOV-1 CLI-1: --tool %s is a usage error',
    (option) => {
      expect(() => declaredBy(option)).toThrow(expect.objectContaining({ exitCode: 64 }));
    },
  );
});
