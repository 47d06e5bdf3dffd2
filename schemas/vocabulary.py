"""The closed vocabularies of the envelope: levels, functions, purposes, grades, handling codes, origins."""

from enum import IntEnum, StrEnum


class Level(StrEnum):
    """Organisational level of a unit (organisatorisk nivå)."""

    NATIONAL = "national"
    NATIONAL_UNIT = "national_unit"
    REGION = "region"
    POLICE_AREA = "police_area"
    LOCAL_POLICE_AREA = "local_police_area"


class Function(StrEnum):
    """What a desk does (funktion)."""

    INTELLIGENCE = "intelligence"
    SURVEILLANCE = "surveillance"
    INVESTIGATION = "investigation"
    PREVENTION = "prevention"
    COORDINATION = "coordination"
    KNOWLEDGE = "knowledge"
    FORENSICS = "forensics"
    FINANCE = "finance"
    IT_CRIME = "it_crime"


class Purpose(StrEnum):
    """Purpose of processing (ändamål), brottsdatalagen and lag 2018:1693."""

    PREVENT = "P1"
    INVESTIGATE = "P2"
    EXECUTE_SANCTIONS = "P3"
    ORDER_AND_SAFETY = "P4"
    INTERNATIONAL_DUTY = "P5"
    FORENSIC = "PF"
    RESEARCH = "PX"
    NO_PERSONAL_DATA = "PN"


class CommonBasis(StrEnum):
    """Ground for being commonly available (gemensamt tillgänglig), lag 2018:1693 3:2."""

    P1A = "3:2 p1a"
    P1B = "3:2 p1b"
    P2 = "3:2 p2"
    P3 = "3:2 p3"
    P4 = "3:2 p4"
    P5 = "3:2 p5"
    P6 = "3:2 p6"
    P7 = "3:2 p7"
    P8 = "3:2 p8"
    P9 = "3:2 p9"
    RESTRICTED_CIRCLE = "restricted_circle"


class SourceGrade(StrEnum):
    """Reliability of the source (källans tillförlitlighet), Europol 4x4. There is no D."""

    A = "A"
    B = "B"
    C = "C"
    X = "X"


class InfoGrade(IntEnum):
    """Correctness of the information (uppgiftens riktighet), Europol 4x4."""

    NOT_IN_DOUBT = 1
    KNOWN_TO_SOURCE = 2
    CORROBORATED = 3
    NOT_CORROBORATED = 4


class Handling(StrEnum):
    """Handling code (hanteringskod). H2 is no dissemination without the provider's leave."""

    H0 = "H0"
    H1 = "H1"
    H2 = "H2"
    H3 = "H3"


class LegalOrigin(StrEnum):
    """How the information came to the police (rättsligt ursprung)."""

    OPEN = "open"
    OWN_OBSERVATION = "own_observation"
    HUMAN_SOURCE = "human_source"
    PARTNER = "partner"
    FOREIGN = "foreign"
    SEIZED_DEVICE = "seized_device"
    COERCIVE_MEASURE = "coercive_measure"
    CAMERA = "camera"
    REGISTER = "register"


#: Strictest first; a derived event takes the strictest of its inputs (clarification 20).
LEGAL_ORIGIN_STRICTNESS = (
    LegalOrigin.COERCIVE_MEASURE,
    LegalOrigin.SEIZED_DEVICE,
    LegalOrigin.HUMAN_SOURCE,
    LegalOrigin.REGISTER,
    LegalOrigin.FOREIGN,
    LegalOrigin.CAMERA,
    LegalOrigin.PARTNER,
    LegalOrigin.OWN_OBSERVATION,
    LegalOrigin.OPEN,
)


class PersonCategory(StrEnum):
    """Category of a person in an event (BDL 2:9)."""

    SUSPECT = "suspect"
    SUSPECTED_ACTIVITY = "suspected_activity"
    CONVICTED = "convicted"
    VICTIM = "victim"
    WITNESS = "witness"
    OTHER_NOT_SUSPECTED = "other_not_suspected"


class FactOrAssessment(StrEnum):
    """Whether a statement about a person is fact or assessment (BDL 2:10)."""

    FACT = "fact"
    ASSESSMENT = "assessment"


class AgeBand(StrEnum):
    """Age bands; the first three are minors."""

    UNDER_12 = "<12"
    FROM_12_TO_14 = "12-14"
    FROM_15_TO_17 = "15-17"
    FROM_18_TO_24 = "18-24"
    FROM_25_TO_39 = "25-39"
    FROM_40_TO_64 = "40-64"
    FROM_65 = "65+"


class ObjectKind(StrEnum):
    """Kinds of matchable objects."""

    VEHICLE = "vehicle"
    PHONE = "phone"
    WALLET = "wallet"
    DEVICE = "device"
    ACCOUNT = "account"
    WEAPON = "weapon"


class RetentionClass(StrEnum):
    """Retention classes of the event catalogue (lag 2018:1693 ch. 4)."""

    R0 = "R0"
    R1 = "R1"
    R2 = "R2"
    R3 = "R3"
    R4 = "R4"
    R5 = "R5"
    R6 = "R6"
    R7 = "R7"
    R8 = "R8"
    R9 = "R9"
    R10 = "R10"
    R11 = "R11"
    R12 = "R12"
    R13 = "R13"


class ActorRole(StrEnum):
    """An actor's role in the market (aktörsroll)."""

    SUPPLIER = "supplier"
    TRANSPORTER = "transporter"
    RETAILER = "retailer"
    ENFORCER = "enforcer"
    FINANCIER = "financier"
    RECRUITER = "recruiter"
    FACILITATOR = "facilitator"
    USER = "user"


class ActorLevel(StrEnum):
    """At which level an actor works."""

    LOCAL = "local"
    NATIONAL = "national"
    INTERNATIONAL = "international"


class ChainStage(StrEnum):
    """Stage of the production and distribution chain (led i kedjan)."""

    ORIGIN = "origin"
    PRODUCTION = "production"
    IMPORT = "import"
    WHOLESALE = "wholesale"
    RETAIL = "retail"
    USE = "use"


class Identification(StrEnum):
    """How surely a substance is identified (identifieringsnivå), least sure first."""

    ALLEGED = "alleged"
    FIELD_TEST = "field_test"
    SCREENING = "screening"
    LAB_CONFIRMED = "lab_confirmed"


class Novelty(StrEnum):
    """Whether something is seen for the first time (set by the engine)."""

    FIRST_IN_AREA = "first_in_area"
    FIRST_IN_REGION = "first_in_region"
    FIRST_IN_COUNTRY = "first_in_country"
    KNOWN = "known"


class OriginLevel(StrEnum):
    """Level of the publishing unit, as rules speak of it (set by the engine)."""

    NATIONAL = "national"
    REGION = "region"
    POLICE_AREA = "police_area"
    LOCAL_POLICE_AREA = "local_police_area"
    PARTNER = "partner"
