export { A2C, type A2COptions } from "./agents/a2c.js";
export type { Agent, AgentOptions, PredictOptions } from "./agents/agent.js";
export { DDPG, type DDPGOptions } from "./agents/ddpg.js";
export { DQN, type DQNOptions } from "./agents/dqn.js";
export type { LearningEnvironment } from "./agents/environments.js";
export type { EpisodeReport } from "./agents/episodes.js";
export type { EvaluateOptions, Evaluation } from "./agents/evaluate.js";
export { evaluateRandom } from "./agents/evaluate-random.js";
export type { LearnOptions, LearnResult, UpdateReport } from "./agents/learn-options.js";
export type { OffPolicyOptions } from "./agents/off-policy.js";
export type { PolicyGradientOptions, RolloutOptions } from "./agents/on-policy.js";
export type { NetworkOptions } from "./agents/policy.js";
export { PPO, type PPOOptions } from "./agents/ppo.js";
export { REINFORCE, type REINFORCEOptions } from "./agents/reinforce.js";
export { SAC, type SACOptions } from "./agents/sac.js";
export { TD3, type TD3Options } from "./agents/td3.js";
export { type CheckEnvironmentOptions, checkEnvironment } from "./check-environment.js";
export { encodeObservation, observationSize } from "./encode.js";
export type { Environment, Info, ResetOptions, Start, Transition } from "./environment.js";
export { Acrobot } from "./environments/acrobot.js";
export { Bicycle } from "./environments/bicycle.js";
export { CartPole } from "./environments/cart-pole.js";
export { MountainCar, MountainCarContinuous } from "./environments/mountain-car.js";
export { Pendulum } from "./environments/pendulum.js";
export {
  type PresetAlgorithm,
  type PresetEnvironment,
  type PresetOf,
  preset,
} from "./presets/index.js";
export type { Preset } from "./presets/preset.js";
export {
  type ReplayBatch,
  ReplayBuffer,
  type ReplayBufferOptions,
  type ReplayBufferStateDict,
} from "./replay-buffer.js";
export { Simulation, type SimulationOptions } from "./simulation.js";
export { Box, type BoxOptions, Discrete, MultiBinary, MultiDiscrete, type Space } from "./space.js";
export { SyncVectorEnvironment, type SyncVectorOptions } from "./sync-vector-environment.js";
export {
  type TensorAdvance,
  type TensorDynamics,
  TensorEnvironment,
  type TensorEnvironmentOptions,
  type TensorState,
  type TensorTransition,
} from "./tensor-environment.js";
export type {
  EnvironmentMaker,
  VectorEnvironment,
  VectorResetOptions,
  VectorStart,
  VectorTransition,
} from "./vector-environment.js";
export { WorkerVectorEnvironment, type WorkerVectorOptions } from "./worker-vector-environment.js";
export { ClipAction } from "./wrappers/clip-action.js";
export { FrameStackObservation } from "./wrappers/frame-stack-observation.js";
export { RescaleAction } from "./wrappers/rescale-action.js";
export { TimeLimit } from "./wrappers/time-limit.js";
export { TransformObservation } from "./wrappers/transform-observation.js";
export { TransformReward } from "./wrappers/transform-reward.js";
export { Wrapper, type WrapperSpaces } from "./wrappers/wrapper.js";
