"""Words that people build passwords from. Every one of them also counts with s at its end."""

from cpd.auth.professions import PROFESSIONS

# What turns up again and again in passwords, and what this site and its learners' work suggest.
FAVOURITES_TEXT = """
password passwort passw0rd passwd pass passcode passphrase welcome letmein login logon signin admin administrator
secret qwerty iloveyou love master access changeme default guest test testing temp temporary user username hello
trustno monkey dragon football liverpool arsenal chelsea everton rangers celtic princess sunshine shadow superman
batman pokemon starwars whatever summer winter spring autumn london england scotland wales ireland britain
daybook cpd credit learning learner module monograph assessment appraisal revalidation portfolio reflection record
certificate nhs hospital clinic ward surgery medicine medical health healthcare clinical professional doctor nurse
pharmacist pharmacy midwife dentist paramedic physio physiotherapist radiographer optometrist podiatrist dietitian
consultant registrar student patient computer internet windows office account my
"""

COMMON_TEXT = """
able about above across action active actor after again age agent agree air alarm album alert alice all almost alone
alpha also always amber amazing america anchor andrew angel angela angry anna anne annie answer anthony apple april
arm army arrow arthur artist ash asthma august aunt austin baby back bad badger bag ball balloon banana band bank
barbara baseball basket basketball bath battery beach bean bear beatles beautiful beauty because bed bee beer before
bell bella ben best beta betty better big bike bill billy bird birthday biscuit bishop bitter black blackbird blink
blood blossom blue board boat bob body bone book boot boss boston bottle box boy brain brandy brave bread break
breakfast bridge bright bristol brother brown bubble buddy bug builder bull bunny burger bus buster butter butterfly
button buttons cabin cake california call calm camera camp canada candle candy captain car card cardiff cardiology
care careful carol caroline carrot castle cat catherine cell chair champion chance change charles charlie charlotte
cheese cherry chester chicken child children china chip chocolate chris christ christian christine christmas church
cinema circle city clean clear clever click clock cloud clover club coast cocoa code coffee cold college colour cook
cookie cool copper coral corner correct cottage country courage cousin cow crazy cream cricket cross crown cry crystal
cup curry daddy daisy dallas dance dancer daniel dark darling data daughter david day dead dean dear death december
deep deer denise dennis derby desk devil devon diabetes diamond diana diet digital dinner dirty disco doc dog doggy
dollar dolphin donald donkey donna door dorothy dose double dove dream dreamer drive driver drug drum duck dundee
durham eagle early earth easter easy eat edinburgh edward egg eight elephant eleven elizabeth emergency emily emma
end engine enter eric eternal europe evening ever every exam example exeter eye face fact fairy faith falcon fall
family fantasy farm fast fat father favourite february fence ferrari field fifteen fight fine fire first fish fisher
five flame flash flower fluffy fly flying forest forever forget fork forty four fox france frank fred freddie freedom
french fresh friday friend friends frog fruit fun funny future galaxy game gandalf garden garlic gary gate general
genius gentle george ghost giant ginger girl glasgow glass glory goat god gold golden golf good goodbye grace grain
grand granny grape grass great green greg grey group guard guitar gun gym hair ham hammer hamster hand hannah happy
happiness hard harley harmony harold harry hat have hawk head heart heather heaven helen hell help henry here hero
high hill history hockey holiday hollywood home homer honest honey hope horse hot hotel hour house how hunter husband
ice idea important indigo infinity inside iron isabella island italy jack jackie jackson jacob jade james jane january
jasmine jason jazz jean jelly jenny jeremy jessica jessie jesus jewel jimmy joanna job joe john johnny join jordan
joseph joshua journey joy judy julia julie july jump june jungle junior justice justin karen kate katie keep keith
kelly ken kenny kent kerry kettle kevin key keyboard kid kids kim king kingdom kiss kitchen kitten kitty knife knight
know knowledge labour lady lake lamb lamp land laptop large laser last laugh laura lauren lavender law leaf leeds left
legend leicester lemon lemonade leo lesson letter level liam liberty library life light lighthouse lily lincoln linda
line lion lisa listen little lizard lizzie lock lonely long look lord lottery louis louise loveme lovely lover loving
lucas luck lucky lucy luna lunch luton machine mad madison madrid magic magnet mammy man manchester mango map maple
march marcus margaret maria marie mark market marriage martin mary mask matrix matthew maverick maximum may meadow
measure melissa memory mercedes mercury merlin message metal mexico michael michelle mickey midnight mike military
milk million millwall mind minnie minute miracle mirror misty mobile mollie molly mom moment monday money moon morgan
morning mother motor mountain mouse mouth movie mum mummy murphy music mustang mystery name nancy natalie nature navy
neck never new newcastle newport newyork nice nicholas nicola night nine ninja nobody noodle normal norman north
norwich nothing nottingham november now number oak ocean october officer oil old olive oliver olivia one onion online
only open orange orchid oscar other otter outside owen owl oxford page pain paint panda panther paper paradise parent
paris park parrot party pass patch patricia patrick paul peace peach peanut pearl pebble pen pencil penguin penny
people pepper perfect person peter phil philip phoenix phone photo piano picture pig pigeon piglet pillow pilot pink
pirate pizza place plain plan planet plane plant play player please plymouth pocket poet police polly pony pool poppy
portsmouth possible potato power practice preston pretty prince private problem professor prosper pudding puppy purple
puzzle queen question quick quiet rabbit rachel radio rain rainbow rainy raven reading ready real rebecca red remember
rest richard right ring river road robert robin robot rock rocket roger romeo room rosa rose rosie round row royal
ruby rugby rule run runner russia ruth safe safety sailor sally salmon salt sam samantha sammy samson samsung sandra
sandwich sandy sapphire sarah saturday saturn savage scarlet school science scooby scooter scorpion scott sea search
season security september seven shark sharon sheep sheffield shell ship shirt shoe shop short silver simba simon
simple sister six sky sleep slim slow small smart smile smith smoke smokey snake snoopy snow snowball snowman soccer
soft soldier someone something somerset son song sophie soul soup south southampton space spain sparky special speed
spider spirit spoon sport spurs square squirrel staff stanley star stars start state station steel stella stephen
steve steven stick stone store storm story strawberry street strike strong stuart study sugar suit sun sunday
sunderland sunflower sunny sunset super surf surprise surrey susan swansea sweet sweetheart swim swimming switch
sydney system table tablet take talk tango tea teacher team ted teddy telephone ten tennis texas thank thankyou the
theatre there thing thomas thousand three thunder thursday tiger tigger time timothy tina tiny titanic today together
tom tomato tommy tomorrow tony tooth top topcat tower town toyota tracy train travel treasure tree trinity trouble
truck true trust truth tuesday turtle twelve twenty twinkle two umbrella uncle under unicorn united university vampire
vanessa vanilla velvet venus vera veronica victor victoria video village vincent violet viper virginia vision voice
wait walk walker wall walter war warrior watch water watford weather web wednesday week weekend well wendy west
westham whale wheel when where whiskey whisky white why wild will william wind window wine wing winner winston wizard
wolf wolves woman wonder wonderful wood woody word work worker world yellow yes yesterday york you young your yourself
zebra zero zoe
amitriptyline amlodipine amoxicillin apixaban aspirin atenolol atorvastatin azithromycin baclofen bisoprolol
buprenorphine captopril carbamazepine cefalexin ceftriaxone cetirizine ciprofloxacin citalopram clarithromycin
clopidogrel codeine dantrolene dexamethasone diazepam diclofenac digoxin doxycycline enalapril erythromycin fentanyl
flucloxacillin fluoxetine furosemide gabapentin gentamicin haloperidol heparin hydrocortisone ibuprofen insulin
interferon ketamine lamotrigine lansoprazole levothyroxine lidocaine lisinopril lithium loratadine lorazepam losartan
metformin methotrexate metoprolol metronidazole minoxidil mirtazapine morphine naloxone naproxen nifedipine
nitrofurantoin olanzapine omeprazole oxycodone paracetamol penicillin phenytoin prednisolone prednisone pregabalin
propranolol quetiapine ramipril ranitidine risperidone salbutamol sertraline simvastatin spironolactone tamoxifen
tizanidine tramadol trimethoprim valproate vancomycin venlafaxine verapamil warfarin zopiclone
"""

# Names of drugs and of work in health, which clinicians think of first.
OF_HEALTH_TEXT = """
anaesthesia anaesthetist art therapist therapy biomedical scientist chiropractor dental hygienist dietician visitor
hearing aid dispenser nursing associate occupational operating department practitioner optician orthoptist osteopath
technician physician podiatry psychologist psychiatrist prosthetist orthotist social speech language surgeon
radiologist cardiologist paediatrician obstetrician gynaecologist oncologist neurologist geriatrician pathologist
dermatologist matron sister carer locum trainee foundation intern resident nurses health abacavir abatacept
abemaciclib abiraterone acamprosate acarbose aceclofenac acetazolamide acetylcysteine aciclovir acitretin adalimumab
adapalene adenosine adrenaline agomelatine albendazole alectinib alendronate alfacalcidol alfentanil alfuzosin
alimemazine aliskiren allopurinol almotriptan alogliptin alprazolam alteplase amantadine amikacin amiloride
aminophylline amiodarone amisulpride amphotericin anastrozole anidulafungin apremilast aprepitant aripiprazole
atazanavir atomoxetine atovaquone atracurium atropine azathioprine azelastine aztreonam baricitinib beclometasone
bendroflumethiazide benzylpenicillin betahistine betamethasone bevacizumab bezafibrate bicalutamide bimatoprost
bisacodyl bosentan botulinum brexpiprazole brimonidine brinzolamide bromocriptine budesonide bumetanide bupivacaine
bupropion buspirone cabergoline calcipotriol calcitriol canagliflozin candesartan capecitabine carbimazole
carbocisteine carboplatin cariprazine carvedilol caspofungin cefotaxime ceftazidime cefuroxime celecoxib
chloramphenicol chlordiazepoxide chlorhexidine chlorphenamine chlorpromazine ciclosporin cilostazol cinacalcet
cisplatin clindamycin clobazam clobetasol clomifene clomipramine clonazepam clonidine clotrimazole clozapine
colchicine colecalciferol colestyramine cyclizine cyclophosphamide cyproterone dabigatran dalteparin dapagliflozin
dapsone daptomycin darifenacin darunavir dasatinib deferasirox degarelix denosumab desloratadine desmopressin
desogestrel dexamfetamine diamorphine dihydrocodeine diltiazem diphenhydramine dipyridamole disulfiram dobutamine
docetaxel docusate dolutegravir domperidone donepezil dopamine dorzolamide doxazosin doxorubicin dulaglutide
duloxetine dupilumab dutasteride edoxaban efavirenz eletriptan empagliflozin emtricitabine enoxaparin entacapone
entecavir eplerenone epoetin eprosartan ergometrine erlotinib ertapenem escitalopram eslicarbazepine esomeprazole
estradiol etanercept ethambutol ethosuximide etonogestrel etoricoxib everolimus evolocumab exemestane exenatide
ezetimibe famotidine febuxostat felodipine fenofibrate ferrous fesoterodine fexofenadine fidaxomicin finasteride
fingolimod flecainide fluconazole fludrocortisone flumazenil fluorouracil flupentixol fluticasone fluvoxamine folic
fondaparinux formoterol fosfomycin frovatriptan fulvestrant galantamine ganciclovir gefitinib glibenclamide gliclazide
glimepiride glipizide glucagon glyceryl glycopyrronium golimumab goserelin granisetron griseofulvin guanfacine
hydralazine hydrochlorothiazide hydroxocobalamin hydroxycarbamide hydroxychloroquine hydroxyzine hyoscine ibandronic
imatinib imipramine indapamide indometacin infliximab ipratropium irbesartan isoniazid isosorbide isotretinoin
itraconazole ivabradine ivermectin ketoconazole ketoprofen ketorolac labetalol lacosamide lactulose lamivudine
lanthanum latanoprost leflunomide letrozole leuprorelin levetiracetam levobupivacaine levocetirizine levodopa
levofloxacin levomepromazine levonorgestrel linagliptin linezolid liraglutide lisdexamfetamine loperamide lofepramine
lurasidone lymecycline macrogol mannitol mebendazole mebeverine medroxyprogesterone mefenamic mefloquine meloxicam
memantine mepolizumab mercaptopurine meropenem mesalazine metaraminol methadone methocarbamol methyldopa
methylphenidate methylprednisolone metoclopramide metolazone miconazole midazolam mifepristone minocycline mirabegron
misoprostol modafinil mometasone montelukast moxifloxacin moxonidine mupirocin mycophenolate nabumetone nadolol
naltrexone naratriptan natalizumab nebivolol neostigmine nicorandil nicotine nimodipine nitrazepam nivolumab
norethisterone nortriptyline nystatin octreotide ofloxacin olmesartan omalizumab ondansetron orlistat orphenadrine
oseltamivir oxaliplatin oxazepam oxcarbazepine oxybutynin oxytocin paclitaxel paliperidone palonosetron pamidronate
pantoprazole paroxetine pembrolizumab pentoxifylline perampanel perindopril permethrin pethidine phenelzine
phenobarbital phenylephrine pioglitazone piperacillin pirfenidone piroxicam pizotifen posaconazole pramipexole
prasugrel pravastatin praziquantel prazosin prilocaine primidone procainamide prochlorperazine procyclidine
progesterone promethazine propofol propylthiouracil pyrazinamide pyridostigmine quinine rabeprazole raloxifene
raltegravir ranolazine rasagiline remdesivir remifentanil repaglinide reteplase ribavirin rifampicin rifaximin
riluzole risedronate ritonavir rituximab rivaroxaban rivastigmine rizatriptan rocuronium ropinirole ropivacaine
rosuvastatin sacubitril salmeterol saxagliptin secukinumab selegiline semaglutide senna sevelamer sevoflurane
sildenafil simeticone sirolimus sitagliptin solifenacin sorafenib sotalol streptomycin sucralfate sulfadiazine
sulfasalazine sulpiride sumatriptan suxamethonium tacrolimus tadalafil tamsulosin tapentadol teicoplanin telmisartan
temazepam tenecteplase tenofovir terazosin terbinafine terbutaline teriflunomide teriparatide testosterone
tetracycline theophylline thiamine ticagrelor tigecycline timolol tinzaparin tiotropium tirzepatide tobramycin
tocilizumab tofacitinib tolbutamide tolterodine tolvaptan topiramate trandolapril tranexamic trastuzumab travoprost
trazodone triamcinolone triamterene trifluoperazine trihexyphenidyl trimipramine trospium ulipristal ursodeoxycholic
ustekinumab valaciclovir valsartan vardenafil varenicline vasopressin vecuronium vedolizumab vigabatrin vinblastine
vincristine voriconazole vortioxetine xylometazoline zanamivir zidovudine ziprasidone zoledronic zolmitriptan zolpidem
zonisamide zuclopenthixol calpol nurofen panadol ventolin viagra valium prozac xanax zoloft lipitor ozempic botox
amoxil augmentin lyrica
"""


# Without blanks, as in a password; words of several are guessed as one.
JOINED_PROFESSIONS = "\n".join("".join(name.split()).casefold() for name in PROFESSIONS)


def _with_plurals(text: str) -> frozenset[str]:
    words = text.split()
    return frozenset(words) | {f"{word}s" for word in words}


FAVOURITES = _with_plurals(FAVOURITES_TEXT)
COMMON = _with_plurals(COMMON_TEXT + OF_HEALTH_TEXT + JOINED_PROFESSIONS) - FAVOURITES
