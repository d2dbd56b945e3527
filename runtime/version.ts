/** Version of the package: part of the build id. A test holds it equal to package.json. */
export const version = '0.1.0';
