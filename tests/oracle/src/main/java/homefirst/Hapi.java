package homefirst;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.context.support.ValidationSupportContext;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.StructureDefinition;

/** HAPI's validator with definitions of others, set up to look at what ours looks at. */
final class Hapi {
  private static final FhirContext CONTEXT = FhirContext.forR4Cached();
  /** HL7's definitions, read once. */
  private static final DefaultProfileValidationSupport OF_HL7 = new DefaultProfileValidationSupport(CONTEXT);

  private final ValidationSupportChain chain;
  private final FhirValidator validator;

  /** With the profiles, value sets and code systems of a folder. */
  Hapi(Path folder) throws IOException {
    this(read(folder));
  }

  /** With these conformance resources beside HL7's. */
  Hapi(List<IBaseResource> definitions) {
    PrePopulatedValidationSupport added = new PrePopulatedValidationSupport(CONTEXT);
    definitions.forEach(added::addResource);
    chain = chain(added);
    FhirInstanceValidator module = new FhirInstanceValidator(chain);
    module.setAnyExtensionsAllowed(true);
    module.setErrorForUnknownProfiles(false);
    module.setValidatorResourceFetcher(new Targets());
    module.setValidatorPolicyAdvisor(new Targets.Policy());
    validator = CONTEXT.newValidator().registerValidatorModule(module);
  }

  private static List<IBaseResource> read(Path folder) throws IOException {
    List<IBaseResource> definitions = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
        String name = file.getFileName().toString();
        if (name.startsWith("StructureDefinition") || name.startsWith("ValueSet") || name.startsWith("CodeSystem")) {
          definitions.add(CONTEXT.newJsonParser().parseResource(Files.readString(file)));
        }
      }
    }
    return definitions;
  }

  private static ValidationSupportChain chain(PrePopulatedValidationSupport added) {
    // SNOMED CT, LOINC and others are held by neither of us.
    UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(CONTEXT);
    unknown.setNonExistentCodeSystemSeverity(IValidationSupport.IssueSeverity.WARNING);
    ValidationSupportChain chain = new ValidationSupportChain(
        added,
        OF_HL7,
        new CommonCodeSystemsTerminologyService(CONTEXT),
        new InMemoryTerminologyServerValidationSupport(CONTEXT),
        new SnapshotGeneratingValidationSupport(CONTEXT),
        unknown);
    // R4 asks that one of a concept's codings is in the value set, and not all of them.
    chain.setCodeableConceptValidationSuccessfulIfNotAllCodingsAreValid(true);
    return chain;
  }

  /** The definition with the snapshot that it stands for, which our validation asks for. */
  StructureDefinition withSnapshot(StructureDefinition definition) {
    StructureDefinition copy = definition.copy();
    return (StructureDefinition) chain.generateSnapshot(
        new ValidationSupportContext(chain), copy, copy.getUrl(), "", copy.getName());
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
