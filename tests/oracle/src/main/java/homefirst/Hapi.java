package homefirst;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

/** HAPI's validator with our definitions, set up to look at what ours looks at. */
final class Hapi {
  private final FhirValidator validator;

  /** With the profiles, value sets and code systems of a folder. */
  Hapi(Path folder) throws IOException {
    FhirContext context = FhirContext.forR4Cached();
    FhirInstanceValidator module = new FhirInstanceValidator(chain(context, folder));
    module.setAnyExtensionsAllowed(true);
    module.setErrorForUnknownProfiles(false);
    module.setValidatorResourceFetcher(new Targets());
    module.setValidatorPolicyAdvisor(new Targets.Policy());
    validator = context.newValidator().registerValidatorModule(module);
  }

  private static ValidationSupportChain chain(FhirContext context, Path folder) throws IOException {
    PrePopulatedValidationSupport ours = new PrePopulatedValidationSupport(context);
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
        String name = file.getFileName().toString();
        if (name.startsWith("StructureDefinition") || name.startsWith("ValueSet") || name.startsWith("CodeSystem")) {
          ours.addResource(context.newJsonParser().parseResource(Files.readString(file)));
        }
      }
    }
    // SNOMED CT, LOINC and others are held by neither of us.
    UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(context);
    unknown.setNonExistentCodeSystemSeverity(IValidationSupport.IssueSeverity.WARNING);
    ValidationSupportChain chain = new ValidationSupportChain(
        ours,
        new DefaultProfileValidationSupport(context),
        new CommonCodeSystemsTerminologyService(context),
        new InMemoryTerminologyServerValidationSupport(context),
        new SnapshotGeneratingValidationSupport(context),
        unknown);
    // R4 asks that one of a concept's codings is in the value set, and not all of them.
    chain.setCodeableConceptValidationSuccessfulIfNotAllCodingsAreValid(true);
    return chain;
  }

  /** What it refuses in a resource, each with its place; what it throws is an error too. */
  List<String> errors(String resource) {
    try {
      return validator.validateWithResult(resource).getMessages().stream()
          .filter(message -> message.getSeverity().compareTo(ResultSeverityEnum.ERROR) >= 0)
          .map(message -> message.getLocationString() + " " + message.getMessage())
          .toList();
    } catch (RuntimeException thrown) {
      return List.of("HAPI broke off: " + thrown);
    }
  }
}
