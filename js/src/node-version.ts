/** Refuses a Node that is too old, before anything else of the package runs. */

const OLDEST = 22;
const major = Number.parseInt(process.versions.node, 10);

if (major < OLDEST) {
  throw new Error(
    `@remotemedia/pipeline needs Node ${OLDEST} or newer; this is Node ${process.versions.node}. ` +
      `\`npm install node@${OLDEST}\` puts one into a project, which \`npx node\` runs`,
  );
}
