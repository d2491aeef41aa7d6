package homefirst;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.PreferReturnEnum;
import ca.uhn.fhir.rest.api.SearchStyleEnum;
import ca.uhn.fhir.rest.api.SummaryEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.api.ServerValidationModeEnum;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;
import ca.uhn.fhir.rest.gclient.ReferenceClientParam;
import ca.uhn.fhir.rest.gclient.StringClientParam;
import ca.uhn.fhir.rest.server.exceptions.AuthenticationException;
import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;
import ca.uhn.fhir.rest.server.exceptions.ForbiddenOperationException;
import ca.uhn.fhir.rest.server.exceptions.InvalidRequestException;
import ca.uhn.fhir.rest.server.exceptions.PreconditionFailedException;
import ca.uhn.fhir.rest.server.exceptions.ResourceGoneException;
import ca.uhn.fhir.rest.server.exceptions.ResourceNotFoundException;
import ca.uhn.fhir.rest.server.exceptions.ResourceVersionConflictException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.hl7.fhir.instance.model.api.IBaseBundle;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CapabilityStatement;
import org.hl7.fhir.r4.model.CodeType;
import org.hl7.fhir.r4.model.CodeableConcept;
import org.hl7.fhir.r4.model.Enumerations.AdministrativeGender;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Parameters;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Quantity;
import org.hl7.fhir.r4.model.Reference;
import org.hl7.fhir.r4.model.ServiceRequest;
import org.hl7.fhir.r4.model.StringType;
import org.hl7.fhir.r4.model.Subscription;
import org.hl7.fhir.r4.model.Task;
import org.hl7.fhir.r4.model.UriType;
import org.hl7.fhir.r4.model.ValueSet;

/** HAPI's generic client against HomeFirst, in JSON and in XML. */
public final class HapiClient {
  private static final String BASE = System.getenv("BASE");
  private static final String MARK = System.getenv("MARK");
  private static final String SYSTEM = "https://clients.example/id";
  private static final FhirContext CONTEXT = FhirContext.forR4();
  private static int good = 0;
  private static int bad = 0;

  private final IGenericClient client;
  private final EncodingEnum encoding;
  private final String mark;
  private IdType first;

  public static void main(String[] arguments) {
    // Before its first request the client reads the capability statement, and refuses servers of another version.
    CONTEXT.getRestfulClientFactory().setServerValidationMode(ServerValidationModeEnum.ONCE);
    CONTEXT.getRestfulClientFactory().setSocketTimeout(60_000);
    for (EncodingEnum encoding : List.of(EncodingEnum.JSON, EncodingEnum.XML)) {
      new HapiClient(encoding).run();
    }
    System.out.println(good + " ok, " + bad + " not ok");
    System.exit(bad == 0 ? 0 : 1);
  }

  private HapiClient(EncodingEnum encoding) {
    this.encoding = encoding;
    client = connect("epr");
    mark = MARK + encoding.name();
  }

  private IGenericClient connect(String persona) {
    IGenericClient client = CONTEXT.newRestfulGenericClient(BASE);
    client.registerInterceptor(new BearerTokenAuthInterceptor(System.getenv("TOKEN_" + persona)));
    client.setEncoding(encoding);
    return client;
  }

  private void run() {
    check("the capability statement", this::capabilities);
    check("without a token, and without scopes", this::refusals);
    check("create, read, vread, and a read that is not needed", this::reads);
    check("conditional create", this::conditionalCreate);
    check("conditional update and delete", this::conditionalUpdate);
    check("update; a stale version is refused, with a reason", this::updates);
    check("what is malformed is refused with every finding", this::malformed);
    check("search with several parameters, in every style", this::searches);
    check("paging shows everything once", this::pages);
    check("patch: JSON Patch and FHIRPath Patch", this::patches);
    check("transaction: references to new resources, _include, _revinclude, chains", this::transactions);
    check("batch: each entry has its own status", this::batches);
    check("history of an instance, of a type and of everything", this::histories);
    check("operations: $validate, $everything, $expand, $lookup, $meta", this::operations);
    check("tags are added and deleted", this::tags);
    check("delete, and 410 afterwards", this::deletes);
    // The story has one set of identifiers.
    if (encoding == EncodingEnum.JSON) {
      check("the story: a discharge, a referral, and its Task", this::story);
    }
    check("a Subscription, and its status", this::subscriptions);
  }

  private void capabilities() {
    CapabilityStatement statement = CONTEXT.newRestfulGenericClient(BASE).capabilities().ofType(CapabilityStatement.class).execute();
    expect(statement.getFhirVersion().toCode().equals("4.0.1"), "its version");
    expect(statement.getRestFirstRep().getResource().size() > 100, "its types");
  }

  private void refusals() {
    IGenericClient anonymous = CONTEXT.newRestfulGenericClient(BASE);
    expectText(refused(AuthenticationException.class, () -> read(anonymous, "patient-1")), "token");
    expectText(refused(ForbiddenOperationException.class, () -> connect("nobody").search().forResource(Patient.class).execute()), "scope");
  }

  private void reads() {
    MethodOutcome outcome = client.create().resource(patient("Ackroyd", "a")).execute();
    expect(outcome.getCreated(), "created");
    expect(outcome.getId().getVersionIdPart().equals("1"), "the version in Location: " + outcome.getId());
    expect(outcome.getResource() instanceof Patient, "the resource comes back");
    first = (IdType) outcome.getId().toUnqualifiedVersionless();
    Patient read = client.read().resource(Patient.class).withId(first.getIdPart()).execute();
    expect(read.getMeta().getVersionId().equals("1") && read.getIdElement().getVersionIdPart().equals("1"), "the version read");
    expect(read.getIdElement().getBaseUrl() == null || read.getIdElement().getBaseUrl().equals(BASE), "the base of the id");
    Patient version = client.read().resource(Patient.class).withIdAndVersion(first.getIdPart(), "1").execute();
    expect(version.equalsDeep(read), "the version is the same");
    expect(client.read().resource(Patient.class).withUrl(BASE + "/Patient/" + first.getIdPart()).execute().equalsDeep(read), "read by url");
    Patient known = client.read().resource(Patient.class).withId(first.getIdPart()).ifVersionMatches("1").returnNull().execute();
    expect(known == null, "304");
    Patient summary = client.read().resource(Patient.class).withId(first.getIdPart()).summaryMode(SummaryEnum.TRUE).execute();
    expect(summary.getMeta().getTag("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "SUBSETTED") != null, "a summary is tagged");
    MethodOutcome minimal = client.create().resource(patient("Minimal", "m")).prefer(PreferReturnEnum.MINIMAL).execute();
    expect(minimal.getId().hasIdPart() && (minimal.getResource() == null || minimal.getResource().isEmpty()), "return=minimal");
    MethodOutcome told = client.create().resource(patient("Told", "o")).prefer(PreferReturnEnum.OPERATION_OUTCOME).execute();
    expect(told.getOperationOutcome() instanceof OperationOutcome, "return=OperationOutcome");
  }

  private void conditionalCreate() {
    String condition = "Patient?identifier=" + SYSTEM + "|" + mark + "-b";
    MethodOutcome made = client.create().resource(patient("Beeston", "b")).conditionalByUrl(condition).execute();
    MethodOutcome again = client.create().resource(patient("Beeston", "b")).conditionalByUrl(condition).execute();
    MethodOutcome fluent =
        client.create().resource(patient("Beeston", "b")).conditional()
            .where(Patient.IDENTIFIER.exactly().systemAndIdentifier(SYSTEM, mark + "-b")).execute();
    expect(again.getId().getIdPart().equals(made.getId().getIdPart()), "the same by url");
    expect(fluent.getId().getIdPart().equals(made.getId().getIdPart()), "the same by criterion");
    expect(made.getCreated() && !Boolean.TRUE.equals(again.getCreated()), "created once");
  }

  private void conditionalUpdate() {
    String condition = "Patient?identifier=" + SYSTEM + "|" + mark + "-c";
    MethodOutcome made = client.update().resource(patient("Chapeltown", "c")).conditionalByUrl(condition).execute();
    Patient changed = patient("Chapeltown", "c");
    changed.setGender(AdministrativeGender.FEMALE);
    MethodOutcome updated = client.update().resource(changed).conditionalByUrl(condition).execute();
    expect(updated.getId().getIdPart().equals(made.getId().getIdPart()), "the same resource");
    expect(updated.getId().getVersionIdPart().equals("2"), "a second version");
    client.delete().resourceConditionalByUrl(condition).execute();
    refused(ResourceGoneException.class, () -> read(client, made.getId().getIdPart()));
  }

  private void updates() {
    Patient current = read(client, first.getIdPart());
    current.setGender(AdministrativeGender.FEMALE);
    MethodOutcome updated = client.update().resource(current).execute();
    expect(updated.getId().getVersionIdPart().equals("2"), "a second version");
    expect("2".equals(client.update().resource((Patient) updated.getResource()).execute().getId().getVersionIdPart()), "no change, no version");
    // The client sends the version that it has read as If-Match by itself.
    current.setGender(AdministrativeGender.MALE);
    expectText(refused(PreconditionFailedException.class, () -> client.update().resource(current).execute()), "version");
  }

  private void malformed() {
    Patient bad = patient("Bad", "bad");
    bad.addContact().setGender(AdministrativeGender.MALE);
    bad.addCommunication().setPreferred(true);
    bad.addLink().setType(Patient.LinkType.SEEALSO);
    BaseServerResponseException error =
        refused(BaseServerResponseException.class, () -> client.create().resource(bad).execute());
    expect(error.getStatusCode() == 422, "422, not " + error.getStatusCode());
    expect(((OperationOutcome) error.getOperationOutcome()).getIssue().size() >= 3, "every finding: " + error.getMessage());
  }

  private void searches() {
    for (SearchStyleEnum style : List.of(SearchStyleEnum.GET, SearchStyleEnum.POST)) {
      Bundle found =
          client.search().forResource(Patient.class)
              .where(Patient.FAMILY.matches().value("ackroyd"))
              .and(Patient.BIRTHDATE.afterOrEquals().day("1941-01-01"))
              .and(Patient.IDENTIFIER.exactly().systemAndIdentifier(SYSTEM, mark + "-a"))
              .and(Patient.GENDER.exactly().codes("female", "male"))
              .sort().ascending(Patient.FAMILY).sort().descending(Patient.BIRTHDATE)
              .usingStyle(style).returnBundle(Bundle.class).execute();
      expect(ids(found).equals(List.of(first.getIdPart())), "found by " + style);
      expect(found.getTotal() == 1, "the total by " + style);
    }
    Bundle exact =
        client.search().forResource(Patient.class).where(new StringClientParam("family").matchesExactly().value("ackroyd"))
            .and(Patient.IDENTIFIER.exactly().systemAndIdentifier(SYSTEM, mark + "-a")).returnBundle(Bundle.class).execute();
    expect(exact.getEntry().isEmpty() && exact.getTotal() == 0, "an exact search finds nothing");
    Bundle count =
        client.search().forResource(Patient.class).where(Patient.IDENTIFIER.exactly().systemAndIdentifier(SYSTEM, mark + "-a"))
            .summaryMode(SummaryEnum.COUNT).returnBundle(Bundle.class).execute();
    expect(count.getTotal() == 1 && count.getEntry().isEmpty(), "_summary=count");
    Bundle part =
        client.search().byUrl("Patient?identifier=" + mark + "-a").elementsSubset("identifier").returnBundle(Bundle.class).execute();
    expect(((Patient) part.getEntryFirstRep().getResource()).getName().isEmpty(), "_elements");
    expectText(refused(InvalidRequestException.class, () -> client.search().byUrl("Patient?colour=red").execute()), "colour");
  }

  private void pages() {
    Bundle batch = new Bundle().setType(Bundle.BundleType.BATCH);
    for (int n = 0; n < 23; n++) {
      batch.addEntry().setResource(patient("Paged" + mark, "p" + n)).getRequest().setMethod(Bundle.HTTPVerb.POST).setUrl("Patient");
    }
    client.transaction().withBundle(batch).execute();
    Bundle page =
        client.search().forResource(Patient.class).where(Patient.FAMILY.matches().value("Paged" + mark)).count(5)
            .returnBundle(Bundle.class).execute();
    List<String> seen = new ArrayList<>(ids(page));
    int pages = 1;
    while (page.getLink(IBaseBundle.LINK_NEXT) != null) {
      page = client.loadPage().next(page).execute();
      seen.addAll(ids(page));
      pages++;
    }
    expect(pages == 5 && seen.size() == 23 && new HashSet<>(seen).size() == 23, pages + " pages, " + seen.size() + " resources");
  }

  private void patches() {
    String patch = "[{\"op\":\"add\",\"path\":\"/telecom\",\"value\":[{\"system\":\"phone\",\"value\":\"0113 496 0000\"}]}]";
    MethodOutcome patched = client.patch().withBody(patch).withId(first).execute();
    expect(((Patient) patched.getResource()).getTelecomFirstRep().getValue().equals("0113 496 0000"), "JSON Patch");
    Parameters parameters = new Parameters();
    Parameters.ParametersParameterComponent operation = parameters.addParameter().setName("operation");
    operation.addPart().setName("type").setValue(new CodeType("replace"));
    operation.addPart().setName("path").setValue(new StringType("Patient.gender"));
    operation.addPart().setName("value").setValue(new CodeType("other"));
    MethodOutcome second = client.patch().withFhirPatch(parameters).withId(first).execute();
    expect(((Patient) second.getResource()).getGender() == AdministrativeGender.OTHER, "FHIRPath Patch");
    MethodOutcome third =
        client.patch().withBody("[{\"op\":\"remove\",\"path\":\"/telecom\"}]")
            .conditionalByUrl("Patient?identifier=" + SYSTEM + "|" + mark + "-a").execute();
    expect(((Patient) third.getResource()).getTelecom().isEmpty(), "conditional patch");
  }

  private void transactions() {
    Patient person = patient("Dewsbury", "d");
    String fullUrl = "urn:uuid:9f7ba0a0-5d3e-4f0a-8a3c-0f3f5a6f0001";
    Observation observation = new Observation().setStatus(Observation.ObservationStatus.FINAL);
    observation.setCode(new CodeableConcept().setText("Weight")).setSubject(new Reference(fullUrl));
    observation.setValue(new Quantity().setValue(new java.math.BigDecimal("71.50")).setUnit("kg"));
    Bundle bundle = new Bundle().setType(Bundle.BundleType.TRANSACTION);
    bundle.addEntry().setResource(observation).getRequest().setMethod(Bundle.HTTPVerb.POST).setUrl("Observation");
    bundle.addEntry().setFullUrl(fullUrl).setResource(person).getRequest().setMethod(Bundle.HTTPVerb.POST).setUrl("Patient")
        .setIfNoneExist("Patient?identifier=" + SYSTEM + "|" + mark + "-d");
    Bundle answer = client.transaction().withBundle(bundle).execute();
    expect(answer.getEntry().stream().allMatch(entry -> entry.getResponse().getStatus().startsWith("201")), "all created");
    IdType made = new IdType(answer.getEntry().get(1).getResponse().getLocation());
    IdType noted = new IdType(answer.getEntry().get(0).getResponse().getLocation());
    Bundle found =
        client.search().forResource(Observation.class).where(Observation.SUBJECT.hasId("Patient/" + made.getIdPart()))
            .include(Observation.INCLUDE_SUBJECT).returnBundle(Bundle.class).execute();
    expect(ids(found).equals(List.of(noted.getIdPart(), made.getIdPart())), "_include: " + ids(found));
    Observation read = (Observation) found.getEntryFirstRep().getResource();
    expect(read.getSubject().getReferenceElement().getIdPart().equals(made.getIdPart()), "the reference");
    expect(read.getSubject().getResource() instanceof Patient, "the client has put the included resource into the reference");
    expect(read.getValueQuantity().getValueElement().getValueAsString().equals("71.50"), "the number keeps its digits");
    Bundle back =
        client.search().forResource(Patient.class).where(Patient.RES_ID.exactly().code(made.getIdPart()))
            .revInclude(Observation.INCLUDE_SUBJECT).returnBundle(Bundle.class).execute();
    expect(back.getEntry().size() == 2, "_revinclude");
    Bundle chained =
        client.search().forResource(Observation.class)
            .where(new ReferenceClientParam("subject").hasChainedProperty("Patient", Patient.IDENTIFIER.exactly().systemAndIdentifier(SYSTEM, mark + "-d")))
            .returnBundle(Bundle.class).execute();
    expect(ids(chained).equals(List.of(noted.getIdPart())), "a chain");
    Bundle having =
        client.search().forResource(Patient.class).where(Patient.IDENTIFIER.exactly().code(mark + "-d"))
            .and(new StringClientParam("_has:Observation:subject:status").matches().value("final"))
            .returnBundle(Bundle.class).execute();
    expect(ids(having).equals(List.of(made.getIdPart())), "_has");
  }

  private void batches() {
    Bundle batch = new Bundle().setType(Bundle.BundleType.BATCH);
    for (String url : List.of("Patient/" + first.getIdPart(), "Patient/not-there")) {
      batch.addEntry().getRequest().setMethod(Bundle.HTTPVerb.GET).setUrl(url);
    }
    Bundle answer = client.transaction().withBundle(batch).execute();
    List<String> statuses = answer.getEntry().stream().map(entry -> entry.getResponse().getStatus().substring(0, 3)).collect(Collectors.toList());
    expect(statuses.equals(List.of("200", "404")), statuses.toString());
    expect(answer.getEntry().get(1).getResponse().getOutcome() instanceof OperationOutcome, "the outcome of the one that failed");
  }

  private void histories() {
    Bundle history = client.history().onInstance(first).returnBundle(Bundle.class).execute();
    expect(history.getEntry().size() >= 4, history.getEntry().size() + " versions");
    expect(history.getEntryFirstRep().getRequest().getMethod() == Bundle.HTTPVerb.PUT, "the method of the last");
    Bundle ofType = client.history().onType(Patient.class).returnBundle(Bundle.class).count(3).execute();
    expect(ofType.getEntry().size() == 3 && client.loadPage().next(ofType).execute().getEntry().size() == 3, "pages of the type");
    expect(!client.history().onServer().returnBundle(Bundle.class).count(2).execute().getEntry().isEmpty(), "everything");
  }

  private void operations() {
    MethodOutcome validated = client.validate().resource(patient("V", "v")).execute();
    OperationOutcome outcome = (OperationOutcome) validated.getOperationOutcome();
    expect(outcome.getIssue().stream().noneMatch(issue -> issue.getSeverity().toCode().equals("error")), "valid");
    Bundle everything =
        client.operation().onInstance(first).named("$everything").withNoParameters(Parameters.class).useHttpGet()
            .returnResourceType(Bundle.class).execute();
    expect(everything.getEntryFirstRep().getResource() instanceof Patient, "$everything");
    ValueSet expanded =
        client.operation().onType(ValueSet.class).named("expand")
            .withParameter(Parameters.class, "url", new UriType("http://hl7.org/fhir/ValueSet/task-status"))
            .returnResourceType(ValueSet.class).execute();
    expect(expanded.getExpansion().getContains().size() > 5, "$expand");
    Parameters looked =
        client.operation().onType("CodeSystem").named("lookup")
            .withParameter(Parameters.class, "system", new UriType("http://hl7.org/fhir/task-status"))
            .andParameter("code", new CodeType("accepted")).execute();
    expect(looked.getParameter("display").getValue().toString().equals("Accepted"), "$lookup");
    expect(client.meta().get(org.hl7.fhir.r4.model.Meta.class).fromResource(first).execute() != null, "$meta");
  }

  private void tags() {
    org.hl7.fhir.r4.model.Meta meta = new org.hl7.fhir.r4.model.Meta();
    meta.addTag(SYSTEM, "tagged", null);
    expect(client.meta().add().onResource(first).meta(meta).execute().getTag(SYSTEM, "tagged") != null, "$meta-add");
    expect(client.meta().delete().onResource(first).meta(meta).execute().getTag(SYSTEM, "tagged") == null, "$meta-delete");
  }

  private void deletes() {
    IdType made = (IdType) client.create().resource(patient("Gipton", "g")).execute().getId();
    client.delete().resourceById(made.toUnqualifiedVersionless()).execute();
    expectText(refused(ResourceGoneException.class, () -> read(client, made.getIdPart())), "deleted");
    expectText(refused(ResourceNotFoundException.class, () -> read(client, "never-there")), "never-there");
    client.delete().resourceById(made.toUnqualifiedVersionless()).execute();
  }

  private void story() throws Exception {
    Bundle discharge = client.transaction().withBundle(bundleOf("discharge")).execute();
    expect(discharge.getEntry().stream().allMatch(entry -> entry.getResponse().getStatus().startsWith("201")), "the discharge");
    Bundle referral = connect("hub").transaction().withBundle(bundleOf("referral")).execute();
    IdType focus = new IdType(referral.getEntryFirstRep().getResponse().getLocation());
    IGenericClient team = connect("reablement");
    Bundle inbox =
        team.search().forResource(Task.class).where(Task.FOCUS.hasId("ServiceRequest/" + focus.getIdPart()))
            .include(Task.INCLUDE_FOCUS).returnBundle(Bundle.class).execute();
    Task task = (Task) inbox.getEntryFirstRep().getResource();
    expect(task.getFocus().getResource() instanceof ServiceRequest, "the referral comes along");
    task.setStatus(Task.TaskStatus.RECEIVED);
    // The client sends the version that it has read as If-Match by itself.
    Task received = (Task) team.update().resource(task).execute().getResource();
    expectText(refused(PreconditionFailedException.class, () -> team.update().resource(task).execute()), "version");
    expect(received.getStatus() == Task.TaskStatus.RECEIVED, "received");
    received.setStatus(Task.TaskStatus.COMPLETED);
    expectText(refused(ResourceVersionConflictException.class, () -> team.update().resource(received).execute()), "cannot move from 'received' to 'completed'");
    received.setStatus(Task.TaskStatus.ACCEPTED);
    expect(team.update().resource(received).execute().getId().getVersionIdPart().equals("3"), "accepted");
  }

  private void subscriptions() throws Exception {
    Subscription subscription = CONTEXT.newJsonParser().parseResource(Subscription.class, storyText("subscription-hospital"));
    MethodOutcome made = client.create().resource(subscription).execute();
    expect(((Subscription) made.getResource()).getStatus() == Subscription.SubscriptionStatus.REQUESTED, "requested");
    Bundle status =
        client.operation().onInstance(made.getId().toUnqualifiedVersionless()).named("$status").withNoParameters(Parameters.class)
            .useHttpGet().returnResourceType(Bundle.class).execute();
    expect(status.getEntryFirstRep().getResource() instanceof Parameters, "its status");
    client.delete().resourceById(made.getId().toUnqualifiedVersionless()).execute();
  }

  private Patient patient(String family, String value) {
    Patient patient = new Patient();
    patient.addIdentifier().setSystem(SYSTEM).setValue(mark + "-" + value);
    patient.addName().setFamily(family).addGiven("Ada");
    patient.setBirthDateElement(new org.hl7.fhir.r4.model.DateType("1941-03-09"));
    return patient;
  }

  private static Patient read(IGenericClient client, String id) {
    return client.read().resource(Patient.class).withId(id).execute();
  }

  private static Bundle bundleOf(String name) throws Exception {
    return CONTEXT.newJsonParser().parseResource(Bundle.class, storyText(name));
  }

  private static String storyText(String name) throws Exception {
    return Files.readString(Path.of(System.getenv("STORY"), name + ".json"));
  }

  private static List<String> ids(Bundle bundle) {
    return bundle.getEntry().stream().map(entry -> entry.getResource().getIdElement().getIdPart()).collect(Collectors.toList());
  }

  private interface Body {
    void run() throws Exception;
  }

  private void check(String sentence, Body body) {
    String line = sentence + " (" + encoding.name() + ")";
    try {
      body.run();
      good++;
      System.out.println("ok " + line);
    } catch (Exception | AssertionError error) {
      bad++;
      System.out.println("not ok " + line);
      System.out.println("    " + error);
      for (StackTraceElement element : error.getStackTrace()) {
        if (element.getClassName().startsWith("homefirst")) {
          System.out.println("    at " + element);
        }
      }
    }
  }

  private static void expect(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  /** The client's exception tells what our OperationOutcome says. */
  private static void expectText(BaseServerResponseException error, String text) {
    expect(error.getMessage().contains(text), "'" + text + "' is not in: " + error.getMessage());
    expect(error.getOperationOutcome() instanceof OperationOutcome, "the error carries no OperationOutcome");
  }

  private static <E extends Exception> E refused(Class<E> kind, Callable<?> call) {
    try {
      call.call();
    } catch (Exception error) {
      if (kind.isInstance(error)) {
        return kind.cast(error);
      }
      throw new AssertionError("was refused otherwise: " + error, error);
    }
    throw new AssertionError("was not refused");
  }
}
