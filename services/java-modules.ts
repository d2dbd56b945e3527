/**
 * Java modules: the packages of Java 17 that Cassandra reaches into, to be exported and opened to it.
 */

const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'java.base': [
    ...['java.io', 'java.lang', 'java.lang.module', 'java.lang.ref', 'java.lang.reflect', 'java.math', 'java.net'],
    ...[
      'java.nio',
      'java.nio.charset',
      'java.nio.file',
      'java.nio.file.spi',
      'java.security',
      'java.time',
      'java.util',
    ],
    ...['java.util.concurrent', 'java.util.concurrent.atomic', 'java.util.concurrent.locks', 'java.util.jar'],
    ...['java.util.regex', 'java.util.stream', 'java.util.zip', 'jdk.internal.loader', 'jdk.internal.math'],
    ...['jdk.internal.misc', 'jdk.internal.module', 'jdk.internal.ref', 'jdk.internal.reflect', 'jdk.internal.util'],
    ...['jdk.internal.util.jar', 'sun.net.www.protocol.jar', 'sun.nio.ch'],
  ],
  'java.rmi': ['sun.rmi.registry', 'sun.rmi.server', 'sun.rmi.transport', 'sun.rmi.transport.tcp'],
  'java.sql': ['java.sql'],
  'java.management': ['javax.management'],
  'java.management.rmi': ['javax.management.remote.rmi'],
  'jdk.attach': ['sun.tools.attach'],
  'jdk.compiler': ['com.sun.tools.javac.file'],
  'jdk.management': ['com.sun.management', 'com.sun.management.internal'],
  'jdk.management.jfr': ['jdk.management.jfr'],
};

/** As `module/package`. */
export const OPENED: readonly string[] = Object.entries(PACKAGES).flatMap(([module, names]) =>
  names.map((name) => `${module}/${name}`),
);
