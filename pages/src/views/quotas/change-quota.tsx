import { Checkbox } from '@cloudflare/kumo/components/checkbox';
import { useState } from 'react';
import { QUOTAS, type QuotaReport, type SetQuotasRequest } from '#contract/quotas.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { TextField } from '../../components/text-field.tsx';
import { exact } from '../../models/format.ts';
import { consequence, type QuotaRow, quotaSay } from '../../models/quotas.ts';

interface Props {
  row: QuotaRow;
  report: QuotaReport;
  /** Whose setting it is: the platform's bound for the tenant, or what the tenant sets itself below that. */
  layer: 'platform' | 'tenant';
  onClose(): void;
  onSet(change: SetQuotasRequest): Promise<void>;
}

/** TEN-1: one quota, as a number or as what holds where nothing is set; what a lower one means is said before it is set. */
export function ChangeQuota({ row: { name, label }, report, layer, onClose, onSet }: Props) {
  const platform = layer === 'platform';
  const unset = platform ? QUOTAS[name].default : report.allowed[name];
  const shown = platform ? report.allowed[name] : report.quotas[name];
  const [value, setValue] = useState(String(shown));
  const [none, setNone] = useState(false);
  const { min, max } = QUOTAS[name];
  const n = none ? unset : Number(value);
  const fits = none || (/^\d+$/.test(value.trim()) && n >= min && n <= max);
  const warning = fits ? consequence(name, n, report) : null;
  return (
    <FormDialog
      title={label}
      description={`${
        platform
          ? `A whole number from ${exact(min)} to ${exact(max)}; the tenant’s own admins may be stricter.`
          : `A whole number from ${exact(min)}; what is laxer than the platform allows, ${quotaSay(name, unset)}, changes nothing.`
      }${name === 'monthly_cost_microusd' ? ' In millionths of a dollar.' : ''} What runs now goes on.`}
      confirm="Set it"
      ready={fits}
      onClose={onClose}
      onSubmit={() => onSet({ [name]: none ? null : n })}
    >
      <TextField
        label="Limit"
        inputMode="numeric"
        value={none ? String(unset) : value}
        disabled={none}
        onChange={setValue}
        required
      />
      <Checkbox
        label={
          platform
            ? `The default: ${quotaSay(name, unset)}`
            : `Whatever the platform allows: ${quotaSay(name, unset)} now`
        }
        checked={none}
        onCheckedChange={setNone}
      />
      {warning && (
        <p role="status" className="text-sm text-kumo-warning">
          {warning}
        </p>
      )}
    </FormDialog>
  );
}
