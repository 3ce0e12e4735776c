export { ViolationsPage as default } from '../views/violations/violations-page.tsx';
