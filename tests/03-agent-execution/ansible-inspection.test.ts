import { describe, expect, it } from 'vitest';
import { AnsibleInspection, inspectAnsible } from '#domain/inspection/ansible/index.ts';

function inspect(text: string): AnsibleInspection {
  const inspected = inspectAnsible(text);
  if (!inspected.ok) throw new Error(JSON.stringify(inspected.error));
  return AnsibleInspection.parse(inspected.value);
}
/** `rule@line`, by place. */
const places = (text: string): string[] =>
  inspect(text)
    .findings.map((f) => ({ at: f.line, what: `${f.rule}@${f.line}` }))
    .sort((a, b) => a.at - b.at)
    .map(({ what }) => what);

const PLAYBOOK = `---
- name: Release the shop
  hosts: sandbox-web,prod-db-1
  become: true
  vars:
    db_password: hunter2-in-clear
    api_token: "{{ vault_api_token }}"
    ssh_key_password: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      6162636465666768
  tasks:
    - name: Fetch the release
      ansible.builtin.get_url:
        url: http://mirror.example.com/shop.tgz
        dest: /opt/shop.tgz
        mode: '0777'
    - name: Install as the vendor says
      shell: curl https://get.example.com/install | sudo bash
      args:
        creates: /opt/shop/bin
    - name: Drop the old database
      community.mysql.mysql_db:
        name: shop_old
        state: absent
        login_password: "{{ db_password }}"
    - block:
        - name: Clear the cache
          command: rm -rf {{ cache_dir }}/
          when: cache_dir is defined
          ignore_errors: yes
      rescue:
        - name: Open the door
          amazon.aws.ec2_security_group:
            name: web
            rules:
              - cidr_ip: 0.0.0.0/0
                ports: [22]
    - name: Backup host
      command: pg_dump shop
      delegate_to: prod-backup
    - name: All is well
      ansible.builtin.copy:
        src: shop.conf
        dest: /etc/shop.conf
        mode: '0644'
    - name: A package
      apt: name=nginx state=latest
  handlers:
    - name: restart shop
      service: { name: shop, state: restarted }
`;

describe('playbooks', () => {
  it('SBX-1: every planted danger is found at its line, and nothing else is', () => {
    expect(places(PLAYBOOK)).toEqual([
      'forbidden_target@3',
      'becomes_root@4',
      'secret_in_clear@6',
      'unverified_download@14',
      'world_writable@16',
      'remote_script@18',
      'data_destroyed@24',
      'secret_logged@25',
      'destructive_command@28',
      'errors_ignored@30',
      'open_network@36',
      'always_changes@39',
      'forbidden_target@40',
      'unpinned_version@47',
    ]);
  });

  it('SBX-1: counts, reach and score say what would happen; severest findings come first', () => {
    const inspection = inspect(PLAYBOOK);
    expect(inspection).toMatchObject({
      kind: 'playbook',
      counts: { plays: 1, tasks: 8, handlers: 1 },
      blast_radius: { hosts: ['sandbox-web', 'prod-db-1'], destroys: 2, privileged: 9, level: 'high' },
    });
    expect(inspection.score).toBeGreaterThan(90);
    expect(inspection.findings[0]).toMatchObject({
      rule: 'secret_in_clear',
      severity: 'critical',
      quote: '[redacted]',
    });
    expect(JSON.stringify(inspection)).not.toContain('hunter2');
    expect(inspection.findings.find((f) => f.rule === 'data_destroyed')).toMatchObject({
      subject: 'Drop the old database',
      column: 16,
    });
  });

  it('SBX-1: a careful playbook has no findings', () => {
    expect(
      inspect(`- name: Configure
  hosts: sandbox-web
  tasks:
    - name: Write the configuration
      ansible.builtin.template: { src: a.j2, dest: /etc/a.conf, mode: '0640', owner: root }
    - name: Build once
      command: make install
      args: { creates: /usr/local/bin/a }
    - name: User
      user: { name: deploy, password: "{{ deploy_hash }}" }
      no_log: true
    - name: Exact version
      apt: { name: nginx=1.24.0, state: present }
    - name: Stop
      service: { name: old, state: stopped }
`),
    ).toMatchObject({ score: 0, findings: [], blast_radius: { level: 'low', destroys: 0 } });
  });

  it('SBX-1: a file of tasks is read too, and a play on everything says so', () => {
    expect(inspect('- name: x\n  file: { path: /var/lib/mysql, state: absent }\n')).toMatchObject({
      kind: 'tasks',
      findings: [{ rule: 'data_destroyed', severity: 'high', line: 2 }],
    });
    expect(places('- hosts: all\n  tasks: []\n')).toEqual(['all_hosts@1']);
    expect(places('- hosts: web:!prod-a:&staging-db-1\n  tasks: []\n')).toEqual([]);
  });

  it.each([
    ['rm -r /srv/app', true],
    ['rm notes.txt', false],
    ['mysql -e "DROP DATABASE shop"', true],
    ['dd if=/dev/zero of=/dev/sda', true],
    ['dd if=a of=b.img', false],
    ['terraform -chdir=x destroy -auto-approve', true],
    ['kubectl get pods', false],
    ['aws ec2 terminate-instances --instance-ids i-1', true],
    ['echo "do not drop the ball"', false],
  ])('SBX-1: `%s` destroys: %s', (command, destroys) => {
    const rules = inspect(`- shell: ${JSON.stringify(command)}\n  when: x\n`).findings.map((f) => f.rule);
    expect(rules.includes('destructive_command')).toBe(destroys);
  });

  it('SBX-1: secrets are seen by their form wherever they stand', () => {
    const inspection = inspect(
      `- copy: { dest: /root/.netrc, content: "postgres://app:s3cretPass@db/x", mode: '0600' }\n`,
    );
    expect(inspection.findings.map((f) => f.rule)).toEqual(['secret_in_clear']);
    expect(JSON.stringify(inspection)).not.toContain('s3cretPass');
  });
});

describe('inventories', () => {
  it('SBX-1: INI: hosts, groups, clear passwords, root logins, unchecked host keys', () => {
    const ini = `[web]
sandbox-web-1 ansible_host=10.0.0.4
sandbox-web-2 ansible_user=root ansible_password=Winter2026!

[db]
prod-db-1

[all:vars]
ansible_ssh_common_args='-o StrictHostKeyChecking=no'
`;
    expect(inspect(ini)).toMatchObject({ kind: 'inventory', counts: { hosts: 3, groups: 2 } });
    expect(places(ini)).toEqual([
      'secret_in_clear@3',
      'becomes_root@3',
      'forbidden_target@6',
      'host_key_unchecked@9',
    ]);
    expect(JSON.stringify(inspect(ini))).not.toContain('Winter2026');
  });

  it('SBX-1: YAML: the same in its other form', () => {
    const yaml = `all:
  vars:
    ansible_become_password: Sommer2026!
  children:
    web:
      hosts:
        sandbox-a: {}
        prod-a:
          ansible_user: root
`;
    expect(inspect(yaml)).toMatchObject({ kind: 'inventory', counts: { hosts: 2, groups: 2 } });
    expect(places(yaml)).toEqual(['secret_in_clear@3', 'forbidden_target@8', 'becomes_root@9']);
  });
});

describe('what is neither', () => {
  it.each([
    '',
    'just prose about hosts',
    'name: a plan\nversion: 1.0.0\n',
    '{"resource_changes": []}',
    '- 1\n- 2\n',
  ])('SBX-1: %j is refused with a reason', (text) =>
    expect(inspectAnsible(text)).toMatchObject({ ok: false, error: { code: 'not_ansible' } }),
  );

  it('SEC-2: hostile YAML ends: nesting, aliases, broken syntax', () => {
    expect(inspectAnsible('[')).toMatchObject({ ok: false });
    expect(inspectAnsible(`- x: ${'['.repeat(200)}${']'.repeat(200)}\n`)).toMatchObject({ ok: false });
    const bomb = ['a0: &a0 [x, x]'];
    for (let n = 1; n < 30; n++) bomb.push(`a${n}: &a${n} [*a${n - 1}, *a${n - 1}]`);
    expect(inspectAnsible(`- hosts: x\n  vars:\n    ${bomb.join('\n    ')}\n`)).toMatchObject({ ok: false });
    expect(inspectAnsible('x'.repeat(1_000_001))).toMatchObject({ ok: false, error: { code: 'malformed' } });
  });
});
