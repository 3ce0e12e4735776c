export { AccessPage as default } from '../views/access/access-page.tsx';
