-- A type that is not listed, and that no service asks for, is whatever a sender wrote into a file
-- name, a person's name for example. It is sealed with the names; from here it goes.
UPDATE documents SET type_code = 'unknown' WHERE type_code NOT IN (
    'child-local-vaccination-certificate', 'reference-internally-displaced-person', 'international-vaccination-certificate',
    'local-vaccination-certificate', 'residence-permit-permanent', 'residence-permit-temporary',
    'user-birth-certificate', 'name-change-act-record', 'official-certificate',
    'education-document', 'housing-certificate', 'marriage-act-record',
    'divorce-act-record', 'e-resident-passport', 'veteran-certificate',
    'birth-certificate', 'internal-passport', 'user-birth-record',
    'vehicle-insurance', 'foreign-passport', 'vehicle-license',
    'student-id-card', 'driver-license', 'military-bond',
    'taxpayer-card', 'pension-card', 'e-residency',
    'passport', 'unknown', 'u-id'
) AND type_code NOT IN (SELECT type_code FROM service_requirements);
UPDATE findings SET detail = 'unknown' WHERE code = 'excess_document' AND detail NOT IN (
    'child-local-vaccination-certificate', 'reference-internally-displaced-person', 'international-vaccination-certificate',
    'local-vaccination-certificate', 'residence-permit-permanent', 'residence-permit-temporary',
    'user-birth-certificate', 'name-change-act-record', 'official-certificate',
    'education-document', 'housing-certificate', 'marriage-act-record',
    'divorce-act-record', 'e-resident-passport', 'veteran-certificate',
    'birth-certificate', 'internal-passport', 'user-birth-record',
    'vehicle-insurance', 'foreign-passport', 'vehicle-license',
    'student-id-card', 'driver-license', 'military-bond',
    'taxpayer-card', 'pension-card', 'e-residency',
    'passport', 'unknown', 'u-id'
);
