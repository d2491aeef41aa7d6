package homefirst;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.IParser;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.StructureDefinition;

/**
 * HL7's test cases for validators, <a href="https://github.com/FHIR/fhir-test-cases">fhir-test-cases</a>: those for R4 that need
 * no package, no terminology server and no other model. What is expected is what HL7's own validator says.
 *
 * <p>{@code prepare FOLDER} writes the resources, the definitions that a case brings (with snapshots) and {@code cases.tsv}: name,
 * resource, profile or nothing, definitions, the errors that are expected; a list has U+001F between its items.
 */
public final class TestCases {
  private static final String ROOT = "/org/hl7/fhir/testcases/validator/";
  /** What has nothing to do with resources of R4, or asks a server for codes. */
  private static final Set<String> MODULES_OF_OTHERS =
      Set.of("cda", "cdshooks", "dsig", "json5", "logical", "matchetype", "shc", "tx", "tx-advanced", "xver", "versions", "api");

  private static final String BYTE_ORDER_MARK = "\ufeff";

  private final Path folder;
  private final List<String> lines = new ArrayList<>();

  private TestCases(Path folder) {
    this.folder = folder;
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments[0].equals("compare")) {
      System.exit(compare(Path.of(arguments[1]), Path.of(arguments[2]), Path.of(arguments[3])) ? 0 : 1);
    }
    TestCases cases = new TestCases(Path.of(arguments[1]));
    Files.createDirectories(cases.folder);
    for (JsonElement element : JsonParser.parseString(text("manifest.json")).getAsJsonObject().getAsJsonArray("test-cases")) {
      JsonObject test = element.getAsJsonObject();
      if (isOurs(test)) {
        cases.prepare(test);
      }
    }
    Files.write(cases.folder.resolve("cases.tsv"), cases.lines);
    System.out.println(cases.lines.size() + " of HL7's test cases are prepared");
  }

  /** Whether every verdict that is not the expected one is argued. */
  private static boolean compare(Path prepared, Path ours, Path argued) throws IOException {
    Map<String, String> found = new HashMap<>();
    for (String line : Files.readAllLines(ours)) {
      found.put(line.substring(0, line.indexOf('\t')), line.substring(line.indexOf('\t') + 1));
    }
    List<String[]> arguments = Files.readAllLines(argued).stream()
        .filter(line -> line.contains("\t") && !line.startsWith("#")).map(line -> line.split("\t", 2)).toList();
    Map<String, Integer> reasons = new TreeMap<>();
    int all = 0;
    int same = 0;
    int open = 0;
    for (String line : Files.readAllLines(prepared)) {
      String[] columns = line.split("\t", -1);
      List<String> expected = items(columns[4]);
      List<String> findings = items(found.get(columns[0]));
      if (findings.stream().anyMatch(finding -> finding.startsWith("left out"))) {
        System.out.println(columns[0] + " is " + findings.get(0));
        continue;
      }
      List<String> errors = findings.stream().filter(finding -> finding.startsWith("error ")).toList();
      all++;
      if (expected.isEmpty() == errors.isEmpty()) {
        same++;
        continue;
      }
      // Every error that only one has is argued, by a part of its text or by the name of the case.
      List<String> told = expected.isEmpty() ? errors : expected;
      String missing = null;
      for (String error : told) {
        String reason = arguments.stream().filter(a -> a[0].equals(columns[0]) || error.contains(a[0]))
            .map(a -> a[1]).findFirst().orElse(null);
        missing = reason == null ? error : missing;
        reasons.merge(reason == null ? "(no reason)" : reason, 1, Integer::sum);
      }
      if (missing != null) {
        open++;
        System.out.println(columns[0] + (expected.isEmpty() ? " is refused by us alone: " : " is taken by us alone: ") + missing);
      }
    }
    reasons.forEach((reason, count) -> System.out.printf("%5d %s%n", count, reason));
    System.out.printf("HL7's test cases: %d, the expected verdict on %d (%.1f %%), %d others argued, %d without a reason%n",
        all, same, 100.0 * same / all, all - same - open, open);
    return open == 0;
  }

  private static List<String> items(String list) {
    return Stream.of(list.split("\u001f")).filter(item -> !item.isEmpty()).toList();
  }

  private static boolean isOurs(JsonObject test) {
    boolean isUsed = !test.has("use-test") || test.get("use-test").getAsBoolean();
    boolean isOfOthers = Stream.of("packages", "package-map", "logical", "language").anyMatch(test::has);
    String file = test.get("file").getAsString();
    return isUsed && !isOfOthers && string(test, "version").startsWith("4.0")
        && !MODULES_OF_OTHERS.contains(string(test, "module"))
        && (file.endsWith(".json") || file.endsWith(".xml"));
  }

  /** Two cases where a profile is named: the resource by itself, and held to the profile. */
  private void prepare(JsonObject test) throws IOException {
    String name = test.get("name").getAsString();
    String file = test.get("file").getAsString();
    Path resource = folder.resolve(file.replace('/', '-'));
    Files.writeString(resource, text(file));
    Set<String> supporting = new LinkedHashSet<>(strings(test, "supporting"));
    supporting.addAll(strings(test, "profiles"));
    write(name, resource, "", supporting, test);
    if (test.has("profile")) {
      JsonObject profile = test.getAsJsonObject("profile");
      supporting.addAll(strings(profile, "supporting"));
      String source = string(profile, "source");
      if (!source.startsWith("http")) {
        supporting.add(source);
      }
      write(name + " (profile)", resource, source, supporting, profile);
    }
  }

  private void write(String name, Path resource, String source, Set<String> supporting, JsonObject test) throws IOException {
    if (!test.has("java")) {
      return;
    }
    List<IBaseResource> definitions = new ArrayList<>();
    String profile = source;
    try {
      for (String file : supporting) {
        IBaseResource definition = parser(file).parseResource(text(file));
        definitions.add(definition);
        if (file.equals(source)) {
          profile = ((StructureDefinition) definition).getUrl();
        }
      }
    } catch (RuntimeException thrown) {
      System.out.println(name + " is left out, a definition of it cannot be read: " + thrown.getMessage());
      return;
    }
    Hapi hapi = new Hapi(definitions);
    List<String> files = new ArrayList<>();
    for (IBaseResource definition : definitions) {
      Path file = folder.resolve(name.replaceAll("[^A-Za-z0-9.-]", "_") + "." + files.size() + ".definition");
      Files.writeString(file, FhirContext.forR4Cached().newJsonParser().encodeResourceToString(whole(hapi, definition)));
      files.add(file.toString());
    }
    lines.add(String.join("\t", name, resource.toString(), profile, list(files), list(expected(test))));
  }

  /** The definition as our validation takes it: with a snapshot, an id and a name. */
  private static IBaseResource whole(Hapi hapi, IBaseResource definition) {
    if (definition.getIdElement().isEmpty()) {
      definition.setId("nameless");
    }
    if (definition instanceof StructureDefinition named && !named.hasName()) {
      named.setName(named.getIdElement().getIdPart());
    }
    if (definition instanceof StructureDefinition structure && !structure.hasSnapshot()) {
      try {
        return hapi.withSnapshot(structure);
      } catch (RuntimeException thrown) {
        System.out.println(structure.getUrl() + " has no snapshot: " + thrown.getMessage());
      }
    }
    return definition;
  }

  private static List<String> expected(JsonObject test) throws IOException {
    JsonObject outcome = JsonParser.parseString(text("outcomes/" + test.get("java").getAsString())).getAsJsonObject();
    List<String> errors = new ArrayList<>();
    if (outcome.has("issue")) {
      for (JsonElement element : outcome.getAsJsonArray("issue")) {
        JsonObject issue = element.getAsJsonObject();
        String severity = string(issue, "severity");
        if (severity.equals("error") || severity.equals("fatal")) {
          String text = issue.has("details") ? string(issue.getAsJsonObject("details"), "text") : string(issue, "diagnostics");
          errors.add(String.join(" ", strings(issue, "expression")) + " " + text);
        }
      }
    }
    return errors;
  }

  private static IParser parser(String file) {
    FhirContext context = FhirContext.forR4Cached();
    return file.endsWith(".xml") ? context.newXmlParser() : context.newJsonParser();
  }

  private static String list(List<String> items) {
    return items.stream().map(item -> item.replaceAll("[\\s\u001f]+", " ")).collect(Collectors.joining("\u001f"));
  }

  private static String string(JsonObject object, String name) {
    return object.has(name) ? object.get(name).getAsString() : "";
  }

  private static List<String> strings(JsonObject object, String name) {
    List<String> strings = new ArrayList<>();
    if (object.has(name)) {
      object.getAsJsonArray(name).forEach(item -> strings.add(item.getAsString()));
    }
    return strings;
  }

  private static String text(String file) throws IOException {
    try (InputStream stream = TestCases.class.getResourceAsStream(ROOT + file)) {
      if (stream == null) {
        throw new IOException("HL7's test cases have no " + file);
      }
      String text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      return text.startsWith(BYTE_ORDER_MARK) ? text.substring(BYTE_ORDER_MARK.length()) : text;
    }
  }
}
