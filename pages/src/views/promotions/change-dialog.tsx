import { Checkbox } from '@cloudflare/kumo/components/checkbox';
import { Select } from '@cloudflare/kumo/components/select';
import { useState } from 'react';
import type { AgentIdentity } from '#client/index.ts';
import { TIER_NAMES, type Tier } from '#domain/governance/tier.ts';
import { ags } from '../../api/client.ts';
import { useAct } from '../../api/use-act.ts';
import { ConfirmDialog, type ConfirmTexts } from '../../components/confirm-dialog.tsx';

export type Change = 'promote' | 'demote' | 'grant';

const TEXTS: Record<Change, Omit<ConfirmTexts, 'title'> & { done: string }> = {
  promote: {
    description: 'It has earned the next tier. From its next run on it may do what that tier may.',
    confirm: 'Promote',
    reason: 'Its runs were looked at and are fine',
    done: 'Promoted',
  },
  demote: {
    description:
      'It may do less from its next run on. Runs that are under way keep what they were spawned with.',
    confirm: 'Demote',
    reason: '',
    destructive: true,
    done: 'Demoted',
  },
  grant: {
    description: 'A tier that was not earned. The record keeps that you gave it; a suspension ends with it.',
    confirm: 'Grant',
    reason: '',
    destructive: true,
    done: 'Granted',
  },
};

const VERB: Record<Change, string> = { promote: 'Promote', demote: 'Demote', grant: 'Grant a tier to' };

const below = (tier: Tier): Tier[] => ([0, 1, 2] as const).filter((t) => t < tier || t === 0);
const CHOICES: Record<Change, (tier: Tier) => readonly Tier[]> = {
  promote: () => [],
  demote: below,
  grant: () => [0, 1, 2],
};

interface Props {
  identity: AgentIdentity;
  change: Change;
  onClose(): void;
  onChanged(): void;
}

/** PROM-1, PROM-2: by hand, with a reason that stays. */
export function ChangeDialog({ identity, change, onClose, onChanged }: Props) {
  const { act } = useAct();
  const tiers = CHOICES[change](identity.tier);
  const [tier, setTier] = useState<Tier>(tiers.at(-1) ?? identity.tier);
  const [suspend, setSuspend] = useState(false);
  const { done, ...texts } = TEXTS[change];
  const send = (reason: string): Promise<unknown> => {
    const { identity_id } = identity;
    if (change === 'promote') return ags.promoteAgent(identity_id, reason);
    if (change === 'grant') return ags.grantTier(identity_id, { tier, reason });
    return ags.demoteAgent(identity_id, { tier, suspend, reason });
  };
  return (
    <ConfirmDialog
      {...texts}
      title={`${VERB[change]} ${identity.template} ${identity.role}?`}
      onClose={onClose}
      onConfirm={async (reason) => {
        const changed = await act(() => send(reason), done);
        if (changed) onChanged();
        return changed;
      }}
    >
      {tiers.length > 0 && (
        <div className="mt-4 flex flex-col gap-3">
          <Select
            label="Tier"
            className="w-full"
            value={String(tier)}
            onValueChange={(value) => setTier(Number(value) as Tier)}
            items={Object.fromEntries(tiers.map((t) => [String(t), `T${t} ${TIER_NAMES[t]}`]))}
          />
          {change === 'demote' && (
            <Checkbox
              label="Suspend it too: it is not spawned at all"
              checked={suspend}
              onCheckedChange={setSuspend}
            />
          )}
        </div>
      )}
    </ConfirmDialog>
  );
}
