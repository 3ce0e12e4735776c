import { parseDuration } from './duration.ts';
import { badRequest } from './wire.ts';

type Body = Record<string, unknown>;

/** Readers of request fields with Vault's leniency: numbers as text, lists as comma-separated text. */
export function text(body: Body, field: string): string {
  const value = body[field];
  if (value === undefined || value === null) return '';
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw conversion(field, 'string');
}

export function whole(body: Body, field: string, fallback = 0): number {
  const value = body[field];
  if (value === undefined || value === null || value === '') return fallback;
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  if (!Number.isInteger(number)) throw conversion(field, 'integer');
  return number;
}

export function flag(body: Body, field: string, fallback: boolean): boolean {
  const value = body[field];
  if (value === undefined || value === null || value === '') return fallback;
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw conversion(field, 'boolean');
}

export function list(body: Body, field: string): string[] {
  const value = body[field];
  if (value === undefined || value === null || value === '') return [];
  if (typeof value === 'string') return value.split(',').map((item) => item.trim());
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw conversion(field, 'list of strings');
}

export function stringMap(body: Body, field: string): Record<string, string> {
  let value = body[field];
  if (value === undefined || value === null || value === '') return {};
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value);
    } catch {
      throw conversion(field, 'map of strings');
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw conversion(field, 'map of strings');
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]));
}

export const duration = (body: Body, field: string): number => {
  const seconds = parseDuration(body[field], field);
  if (seconds < 0) throw badRequest(`${field} must be positive`);
  return seconds;
};

const conversion = (field: string, wanted: string) =>
  badRequest(`Field validation failed: error converting input for field "${field}": expected ${wanted}`);
