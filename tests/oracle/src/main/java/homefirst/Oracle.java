package homefirst;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Validates resources with HAPI's FhirInstanceValidator and our profiles, and compares with what our own validation says.
 *
 * <p>Arguments: the folder of our conformance resources; a file of our verdicts (path, tab, our findings); a file of what is argued
 * (see {@link Argument}). Or, behind the folder: {@code --speed} and the file of our measurement, see {@link Speed}. The exit code is 1 when there is a disagreement about an example that is not argued, or when the two agree less often than
 * {@link #LEAST}.
 */
public final class Oracle {
  /** The name of all sets but the answers of the server. */
  private static final String EXAMPLES = "all examples";

  /** The part of the examples about which both must say the same. */
  private static final double LEAST = 0.99;

  /** By the beginning of the file's name: HL7 publishes more than a thousand of each, and few are examples of use. */
  private static final Set<String> DEFINITIONS = Set.of("CodeSystem", "SearchParameter", "StructureDefinition", "ValueSet");

  /** Why an error with this text says nothing against us. */
  private enum Kind {
    /** HAPI asks what R4 does not state as a rule of the content. */
    BEYOND,
    /** Both find it; it is a warning here, and an error there. */
    WARNED,
    /** We are not of one mind, and say why. It counts against the agreement. */
    DIFFERS
  }

  private record Argument(String text, Kind kind, String reason) {}

  /** One resource, as both see it. */
  private record Opinion(Path path, List<String> ours, List<String> warnings, List<String> theirs) {
    boolean isAnswer() {
      return path.getParent().endsWith("answers");
    }

    boolean isSame() {
      return ours.isEmpty() == theirs.isEmpty();
    }

    /** Whether only rules of HAPI's that are not R4's are between us. */
    boolean agrees(List<Argument> argued) {
      return isSame() || (ours.isEmpty() && theirs.stream().allMatch(error -> isAside(argument(argued, error))));
    }

    private boolean isAside(Argument argument) {
      return argument != null
          && (argument.kind == Kind.BEYOND || (argument.kind == Kind.WARNED && !warnings.isEmpty()));
    }

    String set() {
      String name = path.getFileName().toString();
      int end = name.indexOf('-');
      boolean defines = end > 0 && DEFINITIONS.contains(name.substring(0, end));
      return path.getParent() + (defines ? ", definitions" : "");
    }
  }

  private static final class Count {
    int all;
    int same;
    int agreed;
  }

  public static void main(String[] arguments) throws IOException {
    Hapi hapi = new Hapi(Path.of(arguments[0]));
    if (arguments[1].equals("--speed")) {
      Speed.print(hapi, Path.of(arguments[2]));
      return;
    }
    List<Argument> argued = lines(arguments[2]).map(Oracle::argument).toList();
    List<Opinion> opinions = lines(arguments[1]).toList().parallelStream().map(line -> opinion(hapi, line)).toList();
    int unargued = 0;
    Map<String, Integer> reasons = new TreeMap<>();
    Map<String, Count> sets = new LinkedHashMap<>();
    for (Opinion opinion : opinions) {
      // How often the tests have an answer of one shape is chance: answers are argued, and examples counted.
      for (String set : opinion.isAnswer() ? List.of(opinion.set()) : List.of(opinion.set(), EXAMPLES)) {
        Count count = sets.computeIfAbsent(set, name -> new Count());
        count.all++;
        count.same += opinion.isSame() ? 1 : 0;
        count.agreed += opinion.agrees(argued) ? 1 : 0;
      }
      if (opinion.isSame()) {
        continue;
      }
      List<String> errors = opinion.ours.isEmpty() ? opinion.theirs : opinion.ours;
      List<String> open = errors.stream().filter(error -> argument(argued, error) == null).toList();
      if (open.isEmpty()) {
        errors.stream().map(error -> argument(argued, error)).distinct()
            .forEach(a -> reasons.merge(a.kind.name().toLowerCase() + ": " + a.reason, 1, Integer::sum));
        continue;
      }
      // The tests make some answers at random, so a new one is told and does not fail the comparison.
      unargued += opinion.isAnswer() ? 0 : 1;
      System.out.println(opinion.path + " is refused by " + (opinion.ours.isEmpty() ? "HAPI" : "us") + " alone:");
      open.stream().limit(5).forEach(error -> System.out.println("    " + error));
    }
    reasons.forEach((reason, count) -> System.out.printf("%5d %s%n", count, reason));
    Count all = sets.remove(EXAMPLES);
    sets.forEach(Oracle::print);
    if (all == null) {
      System.out.println("There was nothing to compare.");
      System.exit(1);
    }
    print(EXAMPLES, all);
    System.out.println(unargued + " disagreements without a reason about examples");
    System.exit(unargued == 0 && all.agreed >= LEAST * all.all ? 0 : 1);
  }

  private static void print(String set, Count count) {
    System.out.printf(
        "%s: %d resources, the same verdict on %d, agreement with rules beyond R4 aside on %d: %.2f %%%n",
        set, count.all, count.same, count.agreed, 100.0 * count.agreed / count.all);
  }

  private static Opinion opinion(Hapi hapi, String line) {
    String[] parts = line.split("\t", 2);
    Map<Boolean, List<String>> findings =
        Stream.of(parts[1].split("\u001f")).filter(finding -> !finding.isEmpty())
            .collect(Collectors.partitioningBy(finding -> finding.startsWith("error ")));
    Path path = Path.of(parts[0]);
    try {
      return new Opinion(path, findings.get(true), findings.get(false), hapi.errors(Files.readString(path)));
    } catch (IOException thrown) {
      throw new UncheckedIOException(thrown);
    }
  }

  private static Argument argument(String line) {
    String[] parts = line.split("\t", 3);
    return new Argument(parts[0], Kind.valueOf(parts[1].toUpperCase()), parts[2]);
  }

  /** What is argued of an error with this text; null when nothing is. */
  private static Argument argument(List<Argument> argued, String error) {
    return argued.stream().filter(argument -> error.contains(argument.text)).findFirst().orElse(null);
  }

  /** The lines of a file with a tab in them, without comments. */
  private static Stream<String> lines(String file) throws IOException {
    return Files.readAllLines(Path.of(file)).stream().filter(line -> line.contains("\t") && !line.startsWith("#"));
  }
}
