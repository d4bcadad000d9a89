"""Compiled wake words in place of ESPHome's interpreter. The keys, actions and conditions are those of micro_wake_word.

SPDX-License-Identifier: Apache-2.0
"""

import esphome.codegen as cg
import esphome.config_validation as cv
from esphome import automation
from esphome.components import microphone, ota, psram
from esphome.const import CONF_ID, CONF_INTERNAL, CONF_MICROPHONE, CONF_MODEL, CONF_TASK_STACK_IN_PSRAM

from .compiled import choose, choose_gate, read_models, require_each_once, threshold_of

CODEOWNERS = []
DEPENDENCIES = ["microphone"]

CONF_MODELS = "models"
CONF_ON_WAKE_WORD_DETECTED = "on_wake_word_detected"
CONF_PROBABILITY_CUTOFF = "probability_cutoff"
CONF_SLIDING_WINDOW_SIZE = "sliding_window_size"
CONF_STOP_AFTER_DETECTION = "stop_after_detection"
CONF_VAD = "vad"

LONGEST_WINDOW = 32  # WW_DETECTOR_MAX_WINDOW of ww_detector.h
SAMPLE_RATE_HZ = 16000

micro_wake_word_ns = cg.esphome_ns.namespace("micro_wake_word")
MicroWakeWord = micro_wake_word_ns.class_("MicroWakeWord", cg.Component)
VADModel = micro_wake_word_ns.class_("VADModel")
WakeWordModel = micro_wake_word_ns.class_("WakeWordModel")
StartAction = micro_wake_word_ns.class_("StartAction", automation.Action)
StopAction = micro_wake_word_ns.class_("StopAction", automation.Action)
IsRunningCondition = micro_wake_word_ns.class_("IsRunningCondition", automation.Condition)
EnableModelAction = micro_wake_word_ns.class_("EnableModelAction", automation.Action)
DisableModelAction = micro_wake_word_ns.class_("DisableModelAction", automation.Action)
ModelIsEnabledCondition = micro_wake_word_ns.class_("ModelIsEnabledCondition", automation.Condition)


def _told(check):
    """A validator whose ValueErrors ESPHome shows as they are."""

    def validator(value):
        try:
            return check(value)
        except ValueError as error:
            raise cv.Invalid(str(error)) from error

    return validator


def _wake_word(value):
    choose(read_models(), value)
    return value


def _gate(value):
    return choose_gate(read_models(), value).name


def _each_once(models):
    require_each_once(model[CONF_MODEL] for model in models)
    return models


SETTINGS = {
    cv.Optional(CONF_PROBABILITY_CUTOFF): cv.percentage,
    cv.Optional(CONF_SLIDING_WINDOW_SIZE): cv.int_range(min=1, max=LONGEST_WINDOW),
}
MODEL_SCHEMA = cv.Schema(
    {
        cv.GenerateID(): cv.declare_id(WakeWordModel),
        cv.Required(CONF_MODEL): _told(_wake_word),
        cv.Optional(CONF_INTERNAL, default=False): cv.boolean,
        **SETTINGS,
    }
)
VAD_SCHEMA = cv.Schema(
    {
        cv.GenerateID(): cv.declare_id(VADModel),
        cv.Optional(CONF_MODEL): cv.string,
        **SETTINGS,
    }
)


def _vad(value):
    config = VAD_SCHEMA({} if value is None else value)
    with cv.prepend_path(CONF_MODEL):
        return {**config, CONF_MODEL: _told(_gate)(config.get(CONF_MODEL))}


CONFIG_SCHEMA = cv.All(
    cv.Schema(
        {
            cv.GenerateID(): cv.declare_id(MicroWakeWord),
            cv.Optional(CONF_MICROPHONE, default={}): microphone.microphone_source_schema(
                min_bits_per_sample=16, max_bits_per_sample=16, min_channels=1, max_channels=1
            ),
            cv.Required(CONF_MODELS): cv.All(
                cv.ensure_list(cv.maybe_simple_value(MODEL_SCHEMA, key=CONF_MODEL)),
                cv.Length(min=1, msg="list a model, or leave micro_wake_word out"),
                _told(_each_once),
            ),
            cv.Optional(CONF_ON_WAKE_WORD_DETECTED): automation.validate_automation(single=True),
            cv.Optional(CONF_VAD): _vad,
            cv.Optional(CONF_STOP_AFTER_DETECTION, default=True): cv.boolean,
            cv.Optional(CONF_TASK_STACK_IN_PSRAM): psram.validate_task_stack_in_psram,
        }
    ).extend(cv.COMPONENT_SCHEMA),
    cv.only_on_esp32,
)

FINAL_VALIDATE_SCHEMA = cv.Schema(
    {
        cv.Required(CONF_MICROPHONE): microphone.final_validate_microphone_source_schema(
            "micro_wake_word", sample_rate=SAMPLE_RATE_HZ
        ),
    },
    extra=cv.ALLOW_EXTRA,
)


def _settings(config, model):
    """The arguments number, window and cutoff of a model in C++."""
    cutoff = config.get(CONF_PROBABILITY_CUTOFF)
    threshold = model.threshold if cutoff is None else threshold_of(cutoff)
    return model.number, config.get(CONF_SLIDING_WINDOW_SIZE, model.window), threshold


async def to_code(config):
    var = cg.new_Pvariable(config[CONF_ID])
    await cg.register_component(var, config)
    source = await microphone.microphone_source_to_code(config[CONF_MICROPHONE])
    cg.add(var.set_microphone_source(source))
    cg.add(var.set_stop_after_detection(config[CONF_STOP_AFTER_DETECTION]))
    cg.add_define("USE_MICRO_WAKE_WORD")
    ota.request_ota_state_listeners()
    if config.get(CONF_TASK_STACK_IN_PSRAM):
        cg.add(var.set_task_stack_in_psram(True))
        psram.request_external_task_stack()
    compiled = read_models()
    for place, listed in enumerate(config[CONF_MODELS]):
        model = compiled[listed[CONF_MODEL]]
        word = cg.new_Pvariable(
            listed[CONF_ID],
            *_settings(listed, model),
            str(listed[CONF_ID]),
            model.wake_word,
            place == 0,  # the others are switched on later, and that is kept in flash
            listed[CONF_INTERNAL],
        )
        for language in model.languages:
            cg.add(word.add_trained_language(language))
        cg.add(var.add_wake_word_model(word))
    if (vad := config.get(CONF_VAD)) is not None:
        cg.add_define("USE_MICRO_WAKE_WORD_VAD")
        gate = cg.new_Pvariable(vad[CONF_ID], *_settings(vad, compiled[vad[CONF_MODEL]]))
        cg.add(var.set_vad_model(gate))
    if automations := config.get(CONF_ON_WAKE_WORD_DETECTED):
        trigger = var.get_wake_word_detected_trigger()
        await automation.build_automation(trigger, [(cg.std_string, "wake_word")], automations)


COMPONENT_ACTION_SCHEMA = cv.Schema({cv.GenerateID(): cv.use_id(MicroWakeWord)})
MODEL_ACTION_SCHEMA = automation.maybe_simple_id({cv.Required(CONF_ID): cv.use_id(WakeWordModel)})


@automation.register_action("micro_wake_word.start", StartAction, COMPONENT_ACTION_SCHEMA, synchronous=True)
@automation.register_action("micro_wake_word.stop", StopAction, COMPONENT_ACTION_SCHEMA, synchronous=True)
@automation.register_condition("micro_wake_word.is_running", IsRunningCondition, COMPONENT_ACTION_SCHEMA)
async def component_action_to_code(config, action_id, template_arg, args):
    var = cg.new_Pvariable(action_id, template_arg)
    await cg.register_parented(var, config[CONF_ID])
    return var


@automation.register_action("micro_wake_word.enable_model", EnableModelAction, MODEL_ACTION_SCHEMA, synchronous=True)
@automation.register_action("micro_wake_word.disable_model", DisableModelAction, MODEL_ACTION_SCHEMA, synchronous=True)
@automation.register_condition("micro_wake_word.model_is_enabled", ModelIsEnabledCondition, MODEL_ACTION_SCHEMA)
async def model_action_to_code(config, action_id, template_arg, args):
    return cg.new_Pvariable(action_id, template_arg, await cg.get_variable(config[CONF_ID]))
