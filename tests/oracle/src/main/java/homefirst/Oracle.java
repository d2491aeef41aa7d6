package homefirst;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;

/**
 * Validates resources with HAPI's FhirInstanceValidator and our profiles, and compares with what our own validation says.
 *
 * <p>Arguments: the folder of our conformance resources; a file of our verdicts (path, tab, our errors); a file of the
 * disagreements that are argued (a part of the error's text, tab, reason). The exit code is 1 when there is one that is not.
 */
public final class Oracle {
  public static void main(String[] arguments) throws IOException {
    FhirContext context = FhirContext.forR4Cached();
    FhirValidator validator = validator(context, Path.of(arguments[0]));
    Map<String, String> argued = read(Path.of(arguments[2]));
    int agreed = 0;
    int unargued = 0;
    Map<String, Integer> reasons = new TreeMap<>();
    for (Map.Entry<String, String> verdict : read(Path.of(arguments[1])).entrySet()) {
      Path path = Path.of(verdict.getKey());
      List<String> ours = Stream.of(verdict.getValue().split("\u001f")).filter(e -> !e.isEmpty()).toList();
      List<String> theirs = errors(validator, Files.readString(path));
      if (ours.isEmpty() == theirs.isEmpty()) {
        agreed++;
        continue;
      }
      List<String> errors = ours.isEmpty() ? theirs : ours;
      List<String> open = errors.stream().filter(error -> reason(argued, error).isEmpty()).toList();
      if (open.isEmpty()) {
        errors.stream().map(e -> reason(argued, e).get()).distinct().forEach(r -> reasons.merge(r, 1, Integer::sum));
        continue;
      }
      unargued++;
      System.out.println(path.getFileName() + " is refused by " + (ours.isEmpty() ? "HAPI" : "us") + " alone:");
      open.forEach(error -> System.out.println("    " + error));
    }
    reasons.forEach((reason, count) -> System.out.println(count + " disagreed: " + reason));
    System.out.println(agreed + " agreed, " + unargued + " disagreed without a reason");
    System.exit(unargued == 0 ? 0 : 1);
  }

  /** Why we do not agree on an error with this text. */
  private static Optional<String> reason(Map<String, String> argued, String error) {
    return argued.entrySet().stream().filter(e -> error.contains(e.getKey())).map(Map.Entry::getValue).findFirst();
  }

  private static FhirValidator validator(FhirContext context, Path folder) throws IOException {
    PrePopulatedValidationSupport ours = new PrePopulatedValidationSupport(context);
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
        String name = file.getFileName().toString();
        if (name.startsWith("StructureDefinition") || name.startsWith("ValueSet") || name.startsWith("CodeSystem")) {
          IBaseResource resource = context.newJsonParser().parseResource(Files.readString(file));
          ours.addResource(resource);
        }
      }
    }
    // SNOMED CT, LOINC and others are held by neither of us.
    UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(context);
    unknown.setNonExistentCodeSystemSeverity(IValidationSupport.IssueSeverity.WARNING);
    ValidationSupportChain chain =
        new ValidationSupportChain(
            ours,
            new DefaultProfileValidationSupport(context),
            new CommonCodeSystemsTerminologyService(context),
            new InMemoryTerminologyServerValidationSupport(context),
            new SnapshotGeneratingValidationSupport(context),
            unknown);
    FhirInstanceValidator module = new FhirInstanceValidator(chain);
    module.setAnyExtensionsAllowed(true);
    return context.newValidator().registerValidatorModule(module);
  }

  private static List<String> errors(FhirValidator validator, String text) {
    return validator.validateWithResult(text).getMessages().stream()
        .filter(message -> message.getSeverity().compareTo(ResultSeverityEnum.ERROR) >= 0)
        .map(Oracle::line)
        .collect(Collectors.toList());
  }

  private static String line(SingleValidationMessage message) {
    return message.getLocationString() + " " + message.getMessage();
  }

  /** The lines of a file as the texts before and behind their first tab, in order. */
  private static Map<String, String> read(Path file) throws IOException {
    Map<String, String> read = new LinkedHashMap<>();
    for (String line : Files.readAllLines(file)) {
      int tab = line.indexOf('\t');
      if (tab > 0 && !line.startsWith("#")) {
        read.put(line.substring(0, tab), line.substring(tab + 1));
      }
    }
    return read;
  }
}
