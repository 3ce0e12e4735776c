import * as z from 'zod';
import { ApiError, type Client, createClient } from '#client/index.ts';
import { readPrivate, type Secrets, type StateFolder, writePrivate } from './state-folder.ts';

export const TENANT = 'local';

const Person = z.object({ subject_id: z.string(), key: z.string() });
const Accounts = z.object({ requester: Person, approver: Person });
export type Accounts = z.infer<typeof Accounts>;

/** GOV-5: nobody approves what they asked for, so it takes two. */
const PEOPLE = {
  requester: { name: 'Requester', role: 'operator' },
  approver: { name: 'Approver', role: 'admin' },
} as const;

const unlessExists = async (work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof ApiError && error.problem.code === 'already_exists')) throw error;
  }
};

async function stillWorks(url: string, accounts: Accounts): Promise<boolean> {
  for (const { key } of [accounts.requester, accounts.approver]) {
    try {
      await createClient({ baseUrl: url, key }).whoami();
    } catch (error) {
      if (error instanceof ApiError && error.problem.status === 401) return false;
      throw error;
    }
  }
  return true;
}

async function person(admin: Client, who: keyof typeof PEOPLE): Promise<{ subject_id: string; key: string }> {
  const { name, role } = PEOPLE[who];
  const { items } = await admin.people();
  const known = items.find((one) => one.kind === 'person' && one.name === name);
  const { subject_id } = known ?? (await admin.createPerson({ name, kind: 'person' }));
  const { secret } = await admin.createKey({ name: `${name} (npm start)`, owner: subject_id, role });
  return { subject_id, key: secret };
}

/** The tenant `local`, two people and their keys (RUN-2): made once, and used again as long as the keys work. */
export async function ensureAccounts(folder: StateFolder, url: string, secrets: Secrets): Promise<Accounts> {
  const known = readPrivate(folder.accounts, Accounts);
  if (known && (await stillWorks(url, known))) return known;
  const platform = createClient({ baseUrl: url, key: secrets.platform_key });
  await unlessExists(platform.createTenant({ tenant: TENANT, name: 'Local' }));
  const { secret } = await platform.bootstrapKey(TENANT);
  const admin = createClient({ baseUrl: url, key: secret });
  const accounts: Accounts = {
    requester: await person(admin, 'requester'),
    approver: await person(admin, 'approver'),
  };
  writePrivate(folder.accounts, `${JSON.stringify(accounts, null, 2)}\n`);
  return accounts;
}
