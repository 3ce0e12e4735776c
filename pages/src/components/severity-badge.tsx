import { Badge } from '@cloudflare/kumo/components/badge';
import type { Severity } from '#domain/governance/severity.ts';

const VARIANT = {
  critical: 'red',
  high: 'error',
  medium: 'warning',
  low: 'info',
  info: 'secondary',
} as const;

export const SeverityBadge = ({ severity }: { severity: Severity }) => (
  <Badge variant={VARIANT[severity]} className="uppercase">
    {severity}
  </Badge>
);
