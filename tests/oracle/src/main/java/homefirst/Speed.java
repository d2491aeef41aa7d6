package homefirst;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How long HAPI needs for the resources that our own measurement names, warmed up and on one thread, beside what we need. */
final class Speed {
  private static final Path EXAMPLES = Path.of("profiles/examples/valid");
  private static final int WARM_UP = 100;
  private static final int ROUNDS = 5;
  private static final int REPETITIONS = 20;

  /** Prints a line for each line of ours, which begins with the microseconds and ends with the name of the file. */
  static void print(Hapi hapi, Path ours) throws IOException {
    System.out.println("       ours        HAPI   ratio  resource (microseconds of one core)");
    double product = 1;
    List<String> lines = Files.readAllLines(ours);
    for (String line : lines) {
      String[] words = line.trim().split(" +");
      String name = words[words.length - 1];
      double own = Double.parseDouble(words[0]);
      double theirs = measure(hapi, Files.readString(EXAMPLES.resolve(name)));
      product *= Math.pow(theirs / own, 1.0 / lines.size());
      System.out.printf("%11.1f %11.1f %7.0f  %s%n", own, theirs, theirs / own, name);
    }
    System.out.printf("HAPI takes %.0f times as long (geometric mean of %d resources)%n", product, lines.size());
  }

  /** The least mean of several rounds, in microseconds. */
  private static double measure(Hapi hapi, String resource) {
    for (int i = 0; i < WARM_UP; i++) {
      hapi.errors(resource);
    }
    double best = Double.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      long start = System.nanoTime();
      for (int i = 0; i < REPETITIONS; i++) {
        hapi.errors(resource);
      }
      best = Math.min(best, (System.nanoTime() - start) / 1e3 / REPETITIONS);
    }
    return best;
  }
}
