export {
  ANSIBLE_RULES,
  type AnsibleError,
  type AnsibleFinding,
  AnsibleInspection,
  type AnsibleRule,
} from './finding.ts';
export { inspectAnsible } from './inspect.ts';
