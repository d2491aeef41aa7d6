package homefirst;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hl7.fhir.common.hapi.validation.validator.FhirDefaultPolicyAdvisor;
import org.hl7.fhir.exceptions.FHIRException;
import org.hl7.fhir.r5.elementmodel.Element;
import org.hl7.fhir.r5.elementmodel.JsonParser;
import org.hl7.fhir.r5.model.CanonicalResource;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.r5.utils.validation.IValidatorResourceFetcher;
import org.hl7.fhir.r5.utils.validation.constants.ReferenceValidationPolicy;

/**
 * What references point to: a resource of the type that the reference names, with nothing in it but its id, so that HAPI looks at
 * the type and no further. No address is fetched.
 */
final class Targets implements IValidatorResourceFetcher {
  private static final Pattern NAMED = Pattern.compile("(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/.*)?");

  /** Targets are held against the types that the element allows, and not against profiles. */
  static final class Policy extends FhirDefaultPolicyAdvisor {
    @Override
    public ReferenceValidationPolicy policyForReference(
        IResourceValidator validator, Object context, String path, String url) {
      return ReferenceValidationPolicy.CHECK_TYPE_IF_EXISTS;
    }
  }

  @Override
  public Element fetch(IResourceValidator validator, Object context, String url) {
    Matcher named = NAMED.matcher(url);
    if (!named.matches() || !validator.getContext().getResourceNamesAsSet().contains(named.group(1))) {
      return null;
    }
    String target = "{\"resourceType\":\"" + named.group(1) + "\",\"id\":\"" + named.group(2) + "\"}";
    try {
      return new JsonParser(validator.getContext()).parse(target, named.group(1));
    } catch (Exception thrown) {
      throw new FHIRException(thrown);
    }
  }

  @Override
  public boolean resolveURL(
      IResourceValidator validator, Object context, String path, String url, String type, boolean canonical) {
    return true;
  }

  @Override
  public byte[] fetchRaw(IResourceValidator validator, String url) {
    return null;
  }

  @Override
  public IValidatorResourceFetcher setLocale(Locale locale) {
    return this;
  }

  @Override
  public CanonicalResource fetchCanonicalResource(IResourceValidator validator, Object context, String url) {
    return null;
  }

  @Override
  public boolean fetchesCanonicalResource(IResourceValidator validator, String url) {
    return false;
  }

  @Override
  public Set<String> fetchCanonicalResourceVersions(IResourceValidator validator, Object context, String url) {
    return Set.of();
  }
}
