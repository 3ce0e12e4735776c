export { PoliciesPage as default } from '../views/policies/policies-page.tsx';
