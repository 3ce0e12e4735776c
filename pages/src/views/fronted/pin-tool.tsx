import { Checkbox } from '@cloudflare/kumo/components/checkbox';
import { Select } from '@cloudflare/kumo/components/select';
import { useState } from 'react';
import type { McpServer, McpTool, PinMcpToolRequest } from '#client/index.ts';
import { TIER_NAMES, TIERS, type Tier } from '#domain/governance/tier.ts';
import { ags } from '../../api/client.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { TextField } from '../../components/text-field.tsx';

const TIER_ITEMS = Object.fromEntries(TIERS.map((tier) => [String(tier), `${tier}: ${TIER_NAMES[tier]}`]));
const EFFECTS: Record<PinMcpToolRequest['effect'], string> = {
  pure: 'pure: may be repeated, changes nothing',
  idempotent: 'idempotent: may be repeated',
  once: 'once: never repeated by itself',
};

interface Props {
  server: McpServer;
  tool: McpTool;
  onClose(): void;
  onPinned(): void;
}

/** GOV-9: a person vouches for the text that they have read, and says what the tool is taken for. */
export function PinTool({ server, tool, onClose, onPinned }: Props) {
  const before = tool.pinned;
  const [tier, setTier] = useState(String(before?.min_tier ?? 1));
  const [effect, setEffect] = useState(before?.effect ?? 'once');
  const [acts, setActs] = useState(before?.acts ?? true);
  // What the server says of itself can only tighten; a person who knows better unticks it.
  const destructive = tool.hints?.destructive === true;
  const [irreversible, setIrreversible] = useState(before?.irreversible ?? destructive);
  const [target, setTarget] = useState(before?.target ?? '');
  const pin = async () => {
    await ags.pinMcpTool(server.name, {
      ...{ tool: tool.tool, sha256: tool.sha256, effect, acts, irreversible },
      min_tier: Number(tier) as Tier,
      ...(target.trim() !== '' && { target: target.trim() }),
    });
    onPinned();
  };
  return (
    <FormDialog
      title={`Pin ${tool.tool}`}
      description={`Agents are offered it as ${server.name}__${tool.tool}, with this text. Should it describe itself differently, it is shut until a person pins it again.`}
      confirm="Pin it"
      ready={!acts || target.trim() !== ''}
      onClose={onClose}
      onSubmit={pin}
    >
      <blockquote className="panel p-3 text-sm break-words whitespace-pre-wrap">
        {tool.description}
      </blockquote>
      {destructive && <p className="text-sm">Its server says that it destroys something.</p>}
      <Select
        label="The lowest tier that is offered it"
        className="w-full"
        value={tier}
        onValueChange={(value) => setTier(String(value))}
        items={TIER_ITEMS}
      />
      <Select
        label="A call"
        className="w-full"
        value={effect}
        onValueChange={(value) => setEffect(value as PinMcpToolRequest['effect'])}
        items={EFFECTS}
      />
      <Checkbox label="It changes something" checked={acts} onCheckedChange={(on) => setActs(on === true)} />
      <Checkbox
        label="What it does cannot be undone: each call needs an approval"
        checked={irreversible}
        onCheckedChange={(on) => setIrreversible(on === true)}
      />
      <TextField
        label="What its calls touch"
        placeholder="sandbox-tracker"
        maxLength={200}
        value={target}
        onChange={setTarget}
        description="Judged as the target of each call; one that changes something needs an allowed one."
      />
    </FormDialog>
  );
}
